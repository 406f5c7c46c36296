// Prints addresses as npm's bigbluebutton-js builds them, with which backend/conference compares its own. The library is
// a tool of the developer alone, and knows SHA-1 only: the test compares with a SHA-1 of its own.
//
//   npm ci && node urls.js > ../../backend/conference/testdata/urls.json
import bbb from "bigbluebutton-js";

const secret = "639259d4-9dd8-4b25-bf01-95f9567eaf4b";
const { administration, monitoring } = bbb.api("https://bbb.schule.example/bigbluebutton/", secret);
const name = "Mathe & Physik: Übung #3 + Größe (7b) 100% „gut“ 🎒";

const urls = {
	create: administration.create(name, "e-1", { attendeePW: "a b", moderatorPW: "c/d" }),
	join: administration.join("Zoë Ärmel", "e-1", "c/d", { createTime: "1700000000001", userID: "p=1", role: "VIEWER" }),
	end: administration.end("e-1", "c/d"),
	getMeetingInfo: monitoring.getMeetingInfo("e-1"),
	getMeetings: monitoring.getMeetings(),
};
console.log(JSON.stringify(urls, null, "\t"));
