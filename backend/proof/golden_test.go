package proof_test

// Goldens are files that were handed out, as it were: they must verify for ever, in every later version. No test writes
// over one. `go test ./backend/proof -run Golden -make-missing-goldens` writes those that are missing, for a new kind or
// a new version of the format; their hashes then belong into the tables below. Whoever finds a golden failing has
// broken the receipts that people keep at home.

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/proof"
)

var makeMissing = flag.Bool("make-missing-goldens", false, "write goldens that do not exist yet; never change one")

const (
	receiptFolder   = "testdata/receipts/v1"
	statementFolder = "testdata/statements/v1"
)

// goldenReceipts are the files of receipts and their SHA-256.
var goldenReceipts = map[string]string{
	"answer-none":            "c92d35ad5930999a3cfd093ca1378cb45583b68749e68caf31d6feddda575cd5",
	"first-leaf":             "cc0720e604dc786594a93b2c3dcd9dd56568ae3e984a0bfc05d175fd8f37bcfd",
	"hold-placed":            "2add18dd07091c05692a9282371b68d3ac1601a36cc105bdf2ac5e004d2876ad",
	"newest-leaf":            "b576cad1bf65f21936054ecbd5dd9cc9a97f181312681bdce9d275fcf8c31be2",
	"recorded-on-paper":      "cd0f88552455532c354bfdb949f0e7f8ba1337f1bb8b32093b0502dec88e3f5a",
	"sanction-imposed":       "e02560b040dd46b241998966e085c581f88fc6ac725b6eaae6c447b768eea674",
	"sanction-formal":        "32bdb9329fea63cdb05b627c2013e468ae9e6dc573e1c220cbcec40eed916db9",
	"sanction-formal-ended":  "443d535cdd9fc999c4c5a332850c240cabdf0831b6242fa65b4effa7871fe5d9",
	"sanction-of-a-version":  "4cfe6270b80581157e5b82b09aa5fdfd87d577cfed52b9e9164d38f386131c53",
	"withdrawal-by-key":      "8b6667178e01aa41e554e00b39b1386eff75383dd726a8de03e67b4685f31b19",
	"withdrawal-picture":     "6c3dc3983d196836aeac31fef4ef6721b7d49ebc0bef462bcc71e96db2ed4208",
	"yes-audio-passkey":      "2d6471a4b10f1533a325f3dd3d25e83e37d82e18e6586483b32c3fc5ecf90d34",
	"yes-by-mail":            "dd9fc0acfc0ff4b43553365ed0bbbd1e394d45ea4748ed03db163d9f22bf20ec",
	"yes-in-turkish":         "55ccce00a8d980260a7a2e277f50adaf215868d329cab17b4d20885ce9b56900",
	"yes-video-drawn":        "92797ea8e2386d4df2139cd3eaa91ad6a29b8b97c06e7c86f961e80d39f0eccd",
	"yes-video-drawn.shared": "36547d81a528736ad1380ba934a36d97579fa08d4318604babcad2633f927fe9",
	"yes-with-school":        "39a17534936f5e9e5b7194856e0d26c82e5ff87f5514a57f6abf7232c9b9b456",
	"yes-video-typed":        "df09270d91f3e99e1f7cb368720be30c5c121aaac086babc0332589d8a2f35da",
}

// goldenStatements are the files of statements, which are their SHA-256 in receipts too.
var goldenStatements = map[string]string{
	"answer-none":            "683502ed724acd6e7f31e02efc6e6a085ab3eee8a4491af98e5414fa449dc67b",
	"custody-changed":        "1fe8a397852aaaaae211e648b85f4626c6d416eda1bd125a21d00ace6a6544f0",
	"erasure":                "681c639bc0655109a24bd822a32157092dc95e8e8f9469350a6e690e6b85209c",
	"hold-placed":            "5ab929326ce6e78628207bcfb462e2c2fb696841ee9e181f3076d02040c4e412",
	"invalidation":           "20ee7d05a43dd7551883e6071aef2124c4065f272a361f2614a90c93aa755767",
	"invalidation-by-letter": "a0b8a6d0e8fc9a9786f144a45c28b42792631bf1ed59eca0ea56e2122218412e",
	"letter-issued":          "4bff869e40344dbd4f6af8d226f93fe9d98d0037f221549d608bd627eb274cb8",
	"letter-redeemed":        "7d885643e1c0274d8d40ac302d98ca60cea5f57bb4bfce831603daf433641e9f",
	"recorded-on-paper":      "2a776d3eb1dfde5011ba525408fc0dfaf60b1ee1f9a45fe976d78f623cf28077",
	"sanction-imposed":       "98366756ba56404d88ef008dd0ca61c43ac4e5181dbb7ba7a53719c26b4a26b1",
	"objection-received":     "8e153da227a06e2e6245dbe8ba12e725ab79672add2dcc534a938bf1fe097cd0",
	"objection-kept":         "66831e7d1976cbd1ebb8b099fc3b382c3e558731f6e216956e3196d472139b32",
	"objection-upheld":       "43de5d61e7fc6be3c96f6341c15b8c29891baaa8ab3074e068e63d4672593671",
	"sanction-formal":        "a4ad8881c128328e57281f25d770920c2940082bfcd0c18922444eb2017c1952",
	"sanction-formal-ended":  "aa177880c4bdbc2294ff93a5ba604f84cedd76e7750fcf44e0700566de9a84c3",
	"sanction-of-a-version":  "b73da17631731807b0669c1998604ed90cc3496f2d64fe2edefba88775ec5b1d",
	"version-published":      "a34a76e6937ea5807eb76f18dc4bed82abc7d609a94a5d04fa198eedffb87497",
	"withdrawal-by-key":      "ccf0887253ea2a269d97286981b24934f93cce220610b599e73a552cda156155",
	"withdrawal-picture":     "c1cfa1a517af6f72058c5e6d5e27ff986e5fb8d5ae3a95b06057cfdf845ae60a",
	"yes-audio-passkey":      "da92a8d8d309599387c6584c61f2ce166cb7cc416ca0d71719064607aafaed82",
	"yes-by-mail":            "0904f8bfb7c072b656b5ae77fb1fda2bb299e2f4b976635d8f0960a7b880c350",
	"yes-in-turkish":         "53c0359595690fb4b676733059010093c6e0728efc0fbd384e9263e3c4775389",
	"yes-video-drawn":        "7e279721bfc3f7ae1759addda4091d7b332e437b73580b2050238cc4df13cb1c",
	"yes-with-school":        "4570b1381e2b733397744e08eaff896ebba6dc39b918bacaef96614989863e42",
	"yes-video-typed":        "574382958164a32ed062e2da3c26ebc68ea1d47f9b565ad0f774bd4e68f803d7",
}

// receiptFiles are the receipts as today's program writes them: under the checkpoint of the whole log, or under the
// first one that holds the leaf.
func receiptFiles(tb testing.TB) map[string][]byte {
	tb.Helper()
	l := fullLog()
	files := map[string][]byte{}
	for _, l := range []*tree{l, logOf(laterDeeds()), logOf(contested()), logOf(ruled()), logOf(invited())} {
		for seq, d := range l.deeds {
			switch d.statement.Kind {
			case proof.KindDecision, proof.KindSanction, proof.KindHold:
				files[d.name] = fileOf(tb, l.receipt(int64(seq), l.size()))
			default:
			}
		}
	}
	files["yes-video-drawn.shared"] = fileOf(tb, receiptOf(tb, "yes-video-drawn").Shared())
	files["first-leaf"] = fileOf(tb, l.receipt(0, 1))
	files["newest-leaf"] = fileOf(tb, l.receipt(9, 10))
	return files
}

func statementFiles(tb testing.TB) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for _, d := range slices.Concat(deeds(), laterDeeds(), contested(), ruled(), invited()) {
		body, err := d.statement.Encode()
		if err != nil {
			tb.Fatalf("%s: %v", d.name, err)
		}
		files[d.name] = body
	}
	return files
}

// golden reads a file, after making it where it is missing and that was asked for.
func golden(t *testing.T, folder, name string, made []byte) []byte {
	t.Helper()
	path := filepath.Join(folder, name+".json")
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) && *makeMissing && made != nil {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
		content, err = made, os.WriteFile(path, made, 0o600)
		t.Logf("%q: %q,", name, proof.SHA256Hex(made))
	}
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// namesIn are the goldens of a folder.
func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens in %s: %v", folder, err)
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	return names
}

func TestGoldenReceiptsKeepVerifyingInLaterVersions(t *testing.T) {
	for name, hash := range goldenReceipts {
		t.Run(name, func(t *testing.T) {
			file := golden(t, receiptFolder, name, nil)
			if got := proof.SHA256Hex(file); got != hash {
				t.Fatalf("the golden itself was changed: %s", got)
			}
			report := holds(t, file, proof.Against{Key: signer().Key().String()})
			want := proof.Holds
			if strings.HasSuffix(name, ".shared") {
				want = proof.Withheld
			}
			if got := report.Of(proof.ClaimPrivate); got != want && report.About.Statement.PrivateSHA256() != "" {
				t.Errorf("the private part %s, want %s", got, want)
			}
		})
	}
	for _, name := range namesIn(t, receiptFolder) {
		if goldenReceipts[name] == "" {
			t.Errorf("%s is in no table: its hash is missing", name)
		}
	}
}

func TestGoldenReceiptsAreWhatTheProgramWrites(t *testing.T) {
	for name, made := range receiptFiles(t) {
		if want := golden(t, receiptFolder, name, made); !bytes.Equal(made, want) {
			t.Errorf("%s is now\n%s", name, made)
		}
	}
}

func TestGoldenStatementsAreReadAndWrittenAsEver(t *testing.T) {
	kinds := map[proof.Kind]bool{}
	for name, made := range statementFiles(t) {
		body := golden(t, statementFolder, name, made)
		if hash := proof.SHA256Hex(body); hash != goldenStatements[name] {
			t.Errorf("%s: the golden itself was changed: %s", name, hash)
		}
		if !bytes.Equal(made, body) {
			t.Errorf("%s is now\n%s", name, made)
		}
		decoded, err := proof.DecodeStatement(body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kinds[decoded.Kind] = true
		if again, err := decoded.Encode(); err != nil || !bytes.Equal(again, body) {
			t.Errorf("%s became %s (%v)", name, again, err)
		}
	}
	for _, kind := range proof.Kinds {
		if !kinds[kind] {
			t.Errorf("no golden of the kind %s", kind)
		}
	}
	for _, name := range namesIn(t, statementFolder) {
		if goldenStatements[name] == "" {
			t.Errorf("%s is in no table: its hash is missing", name)
		}
	}
}
