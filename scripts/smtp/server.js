// A mail server for tests, on a free port of the loopback address. It keeps what it is given in memory.
//
//   node server.js '{"security": "none"|"starttls"|"tls", "key"?: PEM, "cert"?: PEM, "user"?, "password"?}'
//
// It prints one line of JSON, {"smtp": port, "http": address}, and ends when its standard input does. A GET of the
// address gives everything it has accepted: [{"from", "to", "raw", "user", "secure"}]. Recipients whose address begins
// with "unknown" are refused for good (550), with "greylisted" for now (451); a message with "refuse this" in it after
// its data (554).
import { createServer } from "node:http";
import { SMTPServer } from "smtp-server";

const settings = JSON.parse(process.argv[2]);
const accepted = [];

function refused(code, text) {
	return Object.assign(new Error(text), { responseCode: code });
}

const server = new SMTPServer({
	secure: settings.security === "tls",
	key: settings.key,
	cert: settings.cert,
	disabledCommands: [...(settings.security === "starttls" ? [] : ["STARTTLS"]), ...(settings.user ? [] : ["AUTH"])],
	authOptional: !settings.user,
	logger: false,
	onAuth({ username, password }, _, done) {
		if (username === settings.user && password === settings.password) return done(null, { user: username });
		done(refused(535, "5.7.8 wrong user or password"));
	},
	onRcptTo({ address }, _, done) {
		if (address.startsWith("unknown")) return done(refused(550, `5.1.1 <${address}> is nobody here`));
		if (address.startsWith("greylisted")) return done(refused(451, "4.7.1 come back later"));
		done();
	},
	onData(stream, session, done) {
		const chunks = [];
		stream.on("data", (chunk) => chunks.push(chunk));
		stream.on("end", () => {
			const raw = Buffer.concat(chunks).toString();
			if (raw.includes("refuse this")) return done(refused(554, "5.6.0 not liked"));
			accepted.push({
				from: session.envelope.mailFrom.address,
				to: session.envelope.rcptTo.map((recipient) => recipient.address),
				raw,
				user: session.user ?? "",
				secure: session.secure,
			});
			done();
		});
	},
});

server.on("error", () => {}); // a client that goes away in the middle
const mails = createServer((_, response) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(accepted)));
server.listen(settings.port ?? 0, "127.0.0.1", () => {
	mails.listen(0, "127.0.0.1", () => {
		console.log(JSON.stringify({ smtp: server.server.address().port, http: `http://127.0.0.1:${mails.address().port}` }));
	});
});
process.stdin.resume().on("end", () => process.exit());
