// Package api owns HTTP alone: it binds requests, asks one domain service, and turns what comes back into replies.
// Fiber and huma do not leave it. Every route is registered through Server.route with the permission it needs; every
// error becomes an RFC 9457 problem in problem.go. The OpenAPI 3.1 document comes from the registered operations.
//
// A file holds one resource: its routes, bodies and handlers. Bodies are shapes of their own, neither domain types
// nor rows.
package api
