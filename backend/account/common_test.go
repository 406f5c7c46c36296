package account_test

import (
	"strings"
	"testing"

	"einverstanden/backend/account"
)

func TestCommonPasswordsAreFewWeakPieces(t *testing.T) {
	common := []string{
		"passwortpasswort", "Passwort12345678", "P@ssw0rtP@ssw0rt!", "Einverstanden2026!", "SommerFerien2026", "123456789012345",
		"qwertzuiopasdfgh", "aaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "1q2w3e4r5t6z7u8i", "IServ-Schule-123", "Willkommen12345678",
		"lehrerzimmer-1999", "hallohallohallo!", "Öğretmen12345678", "Amselweg19671967", "hanne.amselweg1!", "poiuztrewqlkjhgf",
		"schulsekretariat", "iloveyouiloveyou",
	}
	for _, password := range common {
		if !account.IsCommon(password, "Hanne Amselweg", "office@schule.example") {
			t.Errorf("%s passes", password)
		}
	}
	fine := []string{
		"Kirschbaum-im-Nebel-77", "drei Löffel Zimt im Kakao", "xK4mPq9LwZr2TvBn", "the ferry was late again", "vier Igel unterm Sofa", "Passwort ist Rhabarberkuchen",
	}
	for _, password := range fine {
		if account.IsCommon(password, "Hanne Amselweg", "office@schule.example") {
			t.Errorf("%s is refused", password)
		}
	}
	if account.IsCommon("Amselweg-Tor-9-links", "Otto Berg") {
		t.Error("somebody else's name counts as known")
	}
}

func FuzzIsCommon(f *testing.F) {
	f.Add("Passwort12345678")
	f.Add("\xff\x00")
	f.Add("ﬀ½İı")
	f.Fuzz(func(t *testing.T, password string) {
		if len(password) > 600 {
			return
		}
		// More of a password never makes it common when none of the added symbols is part of a piece.
		if !account.IsCommon(password) && account.IsCommon(password+" § ¶ ¤ ¥ ") {
			t.Fatalf("%q becomes common by what is added", password)
		}
		if password != "" && !account.IsCommon(strings.Repeat(password[:1], 20)) {
			t.Fatalf("a repeated symbol passes")
		}
	})
}
