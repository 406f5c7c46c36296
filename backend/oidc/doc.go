// Package oidc owns the other side of a sign-in by OpenID Connect: discovery, the request for a code, its exchange, the
// checks of the ID token (OpenID Connect Core 1.0, 3.1.3.7) and what its claims say, in the shapes that IServ and others
// send. It knows no school and keeps nothing but what providers publish; who somebody is here, package account decides.
//
// Every call goes through the one outbound client. Errors are fault codes without a cause: what the other side wrote is
// neither told nor logged.
package oidc
