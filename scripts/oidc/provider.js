// An OpenID provider for tests, on a free port of the loopback address. It plays an IServ of either generation: what
// differs is the shape of its claims, where they come, and which scopes it releases.
//
//   node provider.js '{"generation": "new"|"old", "clients": [{"id", "secret", "redirect", "scope"?}], "scopes"?: [names],
//                      "accounts": {"<subject>": {claims}}, "jwks"?: {"keys": [private JWKs]}}'
//
// It prints its issuer as one line once it answers, and ends when its standard input does.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const old = settings.generation === "old";

// Which claims come by which scope. Of the older generation groups and roles are called plainly.
const claims = {
	openid: ["sub"],
	profile: ["name", "given_name", "family_name", "preferred_username"],
	...(old
		? { groups: ["groups"], roles: ["roles"], uuid: ["uuid"] }
		: { "iserv:uuid": ["iserv:uuid", "uuid"], "iserv:groups": ["iserv:groups"], "iserv:roles": ["iserv:roles"] }),
};

const server = createServer();
server.listen(settings.port ?? 0, "127.0.0.1", () => {
	const issuer = `http://127.0.0.1:${server.address().port}`;
	const provider = new Provider(issuer, {
		clients: settings.clients.map((client) => ({
			client_id: client.id,
			client_secret: client.secret,
			redirect_uris: [client.redirect],
			token_endpoint_auth_method: old ? "client_secret_post" : "client_secret_basic",
			...(client.scope && { scope: client.scope }),
		})),
		jwks: settings.jwks,
		cookies: { keys: ["a key of the test provider"] },
		scopes: settings.scopes ?? Object.keys(claims),
		claims,
		conformIdTokenClaims: !old, // the older generation puts everything into the id_token
		clientAuthMethods: [old ? "client_secret_post" : "client_secret_basic"],
		features: { devInteractions: { enabled: false }, userinfo: { enabled: true } },
		pkce: { required: () => true },
		interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
		findAccount: (_, sub) => settings.accounts[sub] && { accountId: sub, claims: () => ({ sub, ...settings.accounts[sub] }) },
		// Schools mark the client as trusted: nobody is asked for consent.
		async loadExistingGrant(ctx) {
			const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
			grant.addOIDCScope("openid profile iserv:uuid iserv:groups iserv:roles groups roles uuid");
			await grant.save();
			return grant;
		},
	});
	const oidc = provider.callback();
	server.on("request", async (request, response) => {
		const url = new URL(request.url, issuer);
		if (!url.pathname.startsWith("/interaction/")) return oidc(request, response);
		const wanted = url.searchParams.get("login");
		if (wanted === "cancel") return finish(request, response, { error: "access_denied", error_description: "<b>geheim</b>" });
		if (wanted) return finish(request, response, { login: { accountId: wanted } });
		const links = Object.entries(settings.accounts).map(
			([sub, account]) => `<li><a href="?login=${encodeURIComponent(sub)}">${account.name}</a></li>`,
		);
		response.setHeader("Content-Type", "text/html; charset=utf-8");
		response.end(`<!doctype html><html lang="de"><title>IServ</title><h1>IServ</h1><ul>${links.join("")}</ul></html>`);
	});
	const finish = (request, response, result) => provider.interactionFinished(request, response, result);
	console.log(issuer);
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
