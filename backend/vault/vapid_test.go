package vault_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"einverstanden/backend/vault"
)

func TestTwoVAPIDKeysLiveAtOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "keys")
	if err := vault.Create(folder); err != nil {
		t.Fatal(err)
	}
	keys, err := vault.VAPIDKeys(folder)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	if _, err := vault.RetireVAPIDKey(folder); !errors.Is(err, vault.ErrOneVAPIDKey) {
		t.Errorf("the only key goes: %v", err)
	}
	added, err := vault.AddVAPIDKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.AddVAPIDKey(folder); !errors.Is(err, vault.ErrTwoVAPIDKeys) {
		t.Errorf("a third key: %v", err)
	}
	v, err := vault.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if now := v.VAPIDKeys(); len(now) != 2 || now[0].ID != added.ID || now[1].ID != keys[0].ID {
		t.Errorf("%v", now)
	}
	retired, err := vault.RetireVAPIDKey(folder)
	if err != nil || retired.ID != keys[0].ID {
		t.Errorf("%v, %v", retired, err)
	}
	if printed := fmt.Sprintf("%v %+v %#v", added, added, added); strings.Contains(printed, added.PrivateText()) {
		t.Error("a VAPID key prints its secret")
	}
}

func TestADamagedVAPIDFileIsRefused(t *testing.T) {
	for _, content := range []string{"", "{}", `{"keys":[]}`, `{"keys":["AAAA"]}`, `{"keys":["a","b","c"]}`, `{"public":"x"}`} {
		folder := filepath.Join(t.TempDir(), "keys")
		if err := vault.Create(folder); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, "vapid.json")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if keys, err := vault.VAPIDKeys(folder); err != nil || len(keys) != 0 {
			t.Fatalf("%v, %v", keys, err)
		}
		if err := os.WriteFile(file, []byte(content), 0o400); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(folder); err == nil || !strings.Contains(err.Error(), "vapid.json") {
			t.Errorf("%q: %v", content, err)
		}
	}
}
