package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T, name, value string) (Config, error) {
	t.Helper()
	return Load(func(asked string) (string, bool) { return value, asked == name })
}

func TestPrivateHostsAreHostsAndPortsAlone(t *testing.T) {
	c, err := load(t, "EINVERSTANDEN_PRIVATE_HOSTS", "bbb.schule.example, iserv.schule.example:8443,10.1.2.3 [fd00::5]:8443,fd00::6,[fd00::7]")
	want := []string{"bbb.schule.example", "iserv.schule.example:8443", "10.1.2.3", "[fd00::5]:8443", "fd00::6", "[fd00::7]"}
	if err != nil || !slices.Equal(c.PrivateHosts, want) {
		t.Errorf("%q, %v", c.PrivateHosts, err)
	}
	for _, entry := range []string{"https://bbb.schule.example", "bbb.schule.example/", "*.schule.example", "10.0.0.0/8", "a@b", "a:b:c", ":443", "a:99999", "a:-1", "a:"} {
		_, err := load(t, "EINVERSTANDEN_PRIVATE_HOSTS", entry)
		if err == nil || !strings.Contains(err.Error(), "EINVERSTANDEN_PRIVATE_HOSTS") {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

// A9: the public URL comes from here alone, and is an origin.
func TestThePublicURLIsAnOrigin(t *testing.T) {
	for value, want := range map[string]string{
		"https://einverstanden.schule.example": "https://einverstanden.schule.example", "https://schule.example/": "https://schule.example",
		"http://localhost:8080": "http://localhost:8080", "": "http://localhost:8080",
	} {
		if c, err := load(t, "EINVERSTANDEN_URL", value); err != nil || c.URL.String() != want {
			t.Errorf("%q gives %v, %v", value, c.URL, err)
		}
	}
	for _, value := range []string{"http://schule.example", "https://a@schule.example", "https://schule.example/pfad", "https://schule.example/?a", "schule.example", "ftp://localhost"} {
		if _, err := load(t, "EINVERSTANDEN_URL", value); err == nil {
			t.Errorf("%q is accepted", value)
		}
	}
}

func TestTrustedProxiesAreAddressesAndNetworks(t *testing.T) {
	c, err := load(t, "EINVERSTANDEN_TRUSTED_PROXIES", "172.28.0.0/24,::1")
	if err != nil || !slices.Equal(c.TrustedProxies, []string{"172.28.0.0/24", "::1"}) {
		t.Errorf("%q, %v", c.TrustedProxies, err)
	}
	for _, entry := range []string{"proxy.schule.example", "*", "10.0.0.0/33", "10.0.0"} {
		if _, err := load(t, "EINVERSTANDEN_TRUSTED_PROXIES", entry); err == nil {
			t.Errorf("%q is accepted", entry)
		}
	}
}

// X30: one copy of the data folder must not hold the database and what opens it.
func TestX30KeysLieOutsideTheData(t *testing.T) {
	with := func(data, keys string) error {
		_, err := Load(func(asked string) (string, bool) {
			value, ok := map[string]string{"EINVERSTANDEN_DATA": data, "EINVERSTANDEN_KEYS": keys}[asked]
			return value, ok
		})
		return err
	}
	for data, inside := range map[string]string{"/srv/school": "/srv/school/keys", "/srv/school/": "/srv/x/../school", "./data": "data/a/b"} {
		if err := with(data, inside); err == nil || !strings.Contains(err.Error(), "EINVERSTANDEN_KEYS") || strings.Contains(err.Error(), inside) {
			t.Errorf("data in %s, keys in %s: %v", data, inside, err)
		}
	}
	for data, outside := range map[string]string{"/srv/school": "/srv/school-keys", "./data": "../keys", "/srv/a": "/srv/..b"} {
		if err := with(data, outside); err != nil {
			t.Errorf("data in %s, keys in %s: %v", data, outside, err)
		}
	}
}

func loadAll(values map[string]string) (Config, error) {
	return Load(func(asked string) (string, bool) {
		value, ok := values[asked]
		return value, ok
	})
}

func TestAMailServerIsCheckedAsAWhole(t *testing.T) {
	whole := map[string]string{
		"EINVERSTANDEN_SMTP_SERVER": "mail.schule.example:587", "EINVERSTANDEN_SMTP_USER": "einwilligung",
		"EINVERSTANDEN_SMTP_PASSWORD": "geheim", "EINVERSTANDEN_SMTP_FROM": "einwilligung@schule.example",
	}
	c, err := loadAll(whole)
	want := SMTP{
		Host: "mail.schule.example", Port: 587, Security: StartTLS, User: "einwilligung", Password: "geheim", From: "einwilligung@schule.example",
	}
	if err != nil || c.SMTP != want {
		t.Errorf("%+v, %v", c.SMTP, err)
	}
	for _, wrong := range []struct{ name, value string }{
		{"EINVERSTANDEN_SMTP_SERVER", "mail.schule.example"}, {"EINVERSTANDEN_SMTP_SERVER", ""}, {"EINVERSTANDEN_SMTP_SERVER", "https://mail:587"},
		{"EINVERSTANDEN_SMTP_SERVER", "mail.schule.example:0"}, {"EINVERSTANDEN_SMTP_SECURITY", "none"}, {"EINVERSTANDEN_SMTP_SECURITY", "ssl"},
		{"EINVERSTANDEN_SMTP_PASSWORD", ""}, {"EINVERSTANDEN_SMTP_FROM", ""}, {"EINVERSTANDEN_SMTP_FROM", "Schule <a@b.example>"},
		{"EINVERSTANDEN_SMTP_FROM", "a@b.example\r\nBcc: c@d.example"}, {"EINVERSTANDEN_SMTP_BOUNCES", "bounces"},
	} {
		values := maps.Clone(whole)
		values[wrong.name] = wrong.value
		if _, err := loadAll(values); err == nil || !strings.Contains(err.Error(), "EINVERSTANDEN_SMTP_") {
			t.Errorf("%s=%q: %v", wrong.name, wrong.value, err)
		}
	}
	for _, here := range []string{"127.0.0.1:25", "localhost:1025", "[::1]:25"} {
		values := map[string]string{"EINVERSTANDEN_SMTP_SERVER": here, "EINVERSTANDEN_SMTP_SECURITY": "none", "EINVERSTANDEN_SMTP_FROM": "a@b.example"}
		if _, err := loadAll(values); err != nil {
			t.Errorf("%s: %v", here, err)
		}
	}
}

func TestThePushContactHasAPublicDomain(t *testing.T) {
	for value, want := range map[string]string{
		"push@schule.example": "push@schule.example", "mailto:push@schule.example": "push@schule.example",
		"https://schule.example/kontakt": "https://schule.example/kontakt", "": "",
	} {
		if c, err := load(t, "EINVERSTANDEN_PUSH_CONTACT", value); err != nil || c.PushContact != want {
			t.Errorf("%q gives %q, %v", value, c.PushContact, err)
		}
	}
	for _, value := range []string{
		"schule.example", "push@localhost", "push@schule.local", "push@schule.test", "push@schule.invalid", "push@10.0.0.1", "mailto:mailto:a@b.example",
		"HTTPS://schule.example", "https://localhost", "https://schule", "http://schule.example", "Push <push@schule.example>", "push@", "https://a@schule.example",
	} {
		if _, err := load(t, "EINVERSTANDEN_PUSH_CONTACT", value); err == nil {
			t.Errorf("%q is accepted", value)
		}
	}
	for public, want := range map[string]string{"https://einverstanden.schule.example": "https://einverstanden.schule.example", "https://schule.local": ""} {
		if c, err := load(t, "EINVERSTANDEN_URL", public); err != nil || c.PushContact != want {
			t.Errorf("the URL %q gives %q, %v", public, c.PushContact, err)
		}
	}
}
