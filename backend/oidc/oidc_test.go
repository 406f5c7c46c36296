package oidc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"einverstanden/backend/fault"
	"einverstanden/backend/oidc"
	"einverstanden/backend/outbound"
	"einverstanden/backend/testkit"
)

const redirect = "http://localhost:1/api/v1/session/oidc/callback"

var lena = map[string]any{
	"name": "Lena Brückner", "given_name": "Lena", "family_name": "Brückner",
	"iserv:uuid": "5f0c-lena", "uuid": "5f0c-lena",
	"iserv:groups": []any{
		map[string]any{"id": 17, "act": "klasse.7b", "name": "Klasse 7b"}, map[string]any{"act": "schueler", "name": "Schüler"},
	},
	"iserv:roles": []any{map[string]any{"uuid": "77", "id": "ROLE_STUDENT", "displayName": "Schüler"}},
	"groups":      map[string]any{"17": map[string]any{"id": "17", "act": "klasse-7b"}, "x": "chor"},
	"roles":       []any{map[string]any{"id": "ROLE_STUDENT"}},
}

// side is a school's client and a provider that knows it.
type side struct {
	*testkit.Issuer
	caller *oidc.Caller
	client oidc.Client
	tamper *tamper
}

func newSide(t *testing.T, change func(*testkit.IssuerConfig)) side {
	t.Helper()
	c := testkit.IssuerConfig{
		Generation: "new", ClientID: "einverstanden", Secret: "ein Geheimnis & mehr", Redirect: redirect,
		Accounts: map[string]map[string]any{"lena": lena},
	}
	change(&c)
	issuer := testkit.NewIssuer(t, c)
	out := outbound.New([]string{issuer.Host()}, "test")
	t.Cleanup(out.Close)
	between := &tamper{next: out.HTTP().Transport}
	out.HTTP().Transport = between
	return side{
		Issuer: issuer, caller: oidc.NewCaller(out, time.Now), tamper: between,
		client: oidc.Client{Issuer: issuer.URL, ID: c.ClientID, Secret: c.Secret, Redirect: redirect},
	}
}

// tamper stands between us and the provider, and may change what it answers below a path.
type tamper struct {
	next   http.RoundTripper
	path   string
	change func(answer map[string]any)
}

func (t *tamper) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil || t.path == "" || r.URL.Path != t.path {
		return response, err
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	t.change(answer)
	body, err := json.Marshal(answer)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, err
}

func (s side) begin(t *testing.T) (string, oidc.Request) {
	t.Helper()
	address, kept, err := s.caller.Begin(t.Context(), s.client, oidc.NewRequest())
	if err != nil {
		t.Fatal(err)
	}
	return address, kept
}

func replyOf(u *url.URL) oidc.Reply {
	q := u.Query()
	return oidc.Reply{Code: q.Get("code"), Error: q.Get("error"), Issuer: q.Get("iss")}
}

func (s side) signIn(t *testing.T) (oidc.Person, error) {
	t.Helper()
	address, kept := s.begin(t)
	return s.caller.Finish(t.Context(), s.client, kept, replyOf(s.SignIn(t, address, "lena")))
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestBothGenerationsOfIServTellTheSamePerson(t *testing.T) {
	for generation, groups := range map[string][]oidc.Group{
		"new": {
			{Kind: oidc.KindGroup, ID: "17", Name: "Klasse 7b"}, {Kind: oidc.KindGroup, ID: "schueler", Name: "Schüler"},
			{Kind: oidc.KindRole, ID: "ROLE_STUDENT", Name: "Schüler"},
		},
		"old": {{Kind: oidc.KindGroup, ID: "17"}, {Kind: oidc.KindGroup, ID: "chor"}, {Kind: oidc.KindRole, ID: "ROLE_STUDENT"}},
	} {
		t.Run(generation, func(t *testing.T) {
			s := newSide(t, func(c *testkit.IssuerConfig) { c.Generation = generation })
			got, err := s.signIn(t)
			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != "lena" || got.Name != "Lena Brückner" || !slices.Equal(got.Groups, groups) {
				t.Errorf("got %+v, want groups %+v", got, groups)
			}
			if generation == "new" && got.ImportID != "5f0c-lena" {
				t.Errorf("import id %q", got.ImportID)
			}
		})
	}
}

// A provider that releases less gets asked for less, until it grants what is left.
func TestARefusedScopeIsLeftOut(t *testing.T) {
	s := newSide(t, func(c *testkit.IssuerConfig) {
		c.Scopes = []string{"openid", "profile", "iserv:uuid", "iserv:groups", "iserv:roles", "groups", "roles"}
		c.Released = "openid profile"
	})
	address, kept := s.begin(t)
	for refusals := range 3 {
		reply := replyOf(s.SignIn(t, address, "lena"))
		if refusals == 2 {
			got, err := s.caller.Finish(t.Context(), s.client, kept, reply)
			if err != nil || got.Name != "Lena Brückner" || len(got.Groups) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
			break
		}
		if !reply.Refused() {
			t.Fatalf("refusal %d: %+v", refusals, reply)
		}
		fewer, ok := kept.Fewer()
		if !ok || fewer.State == kept.State || fewer.Nonce == kept.Nonce || fewer.Verifier == kept.Verifier {
			t.Fatalf("no fresh request: %v", ok)
		}
		var err error
		if address, kept, err = s.caller.Begin(t.Context(), s.client, fewer); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := (oidc.Request{Step: 3}).Fewer(); ok {
		t.Error("there is always less to ask for")
	}
}

func TestC8ACodeCountsOnce(t *testing.T) {
	s := newSide(t, func(*testkit.IssuerConfig) {})
	address, kept := s.begin(t)
	reply := replyOf(s.SignIn(t, address, "lena"))
	if _, err := s.caller.Finish(t.Context(), s.client, kept, reply); err != nil {
		t.Fatal(err)
	}
	_, err := s.caller.Finish(t.Context(), s.client, kept, reply)
	wantFault(t, "the code again", err, fault.OIDCRefused)
}

func TestC8ACodeOfAnotherRequestIsRefused(t *testing.T) {
	s := newSide(t, func(*testkit.IssuerConfig) {})
	address, kept := s.begin(t)
	reply := replyOf(s.SignIn(t, address, "lena"))
	for what, change := range map[string]func(*oidc.Request, *oidc.Reply){
		"another verifier":   func(r *oidc.Request, _ *oidc.Reply) { r.Verifier = oidc.NewRequest().Verifier },
		"another issuer":     func(_ *oidc.Request, reply *oidc.Reply) { reply.Issuer = "https://evil.example" },
		"no issuer":          func(_ *oidc.Request, reply *oidc.Reply) { reply.Issuer = "" },
		"an error as well":   func(_ *oidc.Request, reply *oidc.Reply) { reply.Error = "server_error" },
		"no code":            func(_ *oidc.Request, reply *oidc.Reply) { reply.Code = "" },
		"a code of nobody's": func(_ *oidc.Request, reply *oidc.Reply) { reply.Code = "abcdefgh" },
	} {
		r, changed := kept, reply
		change(&r, &changed)
		_, err := s.caller.Finish(t.Context(), s.client, r, changed)
		wantFault(t, what, err, fault.OIDCRefused)
	}
}

// The ID token is changed on its way; it is signed with the provider's own key where not said otherwise.
func TestC8AnIDTokenForAnotherIsRefused(t *testing.T) {
	s := newSide(t, func(c *testkit.IssuerConfig) { c.Generation = "old" })
	now := time.Now()
	unsigned := func(claims map[string]any) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims(claims)).SignedString(jwt.UnsafeAllowNoneSignatureType)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	hmac := func(key []byte) func(map[string]any) string {
		return func(claims map[string]any) string {
			token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
	}
	own := func(claims map[string]any) string { return s.Sign(t, claims) }
	set := func(name string, value any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = value }
	}
	for what, c := range map[string]struct {
		change func(map[string]any)
		sign   func(map[string]any) string
		fine   bool
	}{
		"unchanged":                    {func(map[string]any) {}, own, true},
		"wrong nonce":                  {set("nonce", "another"), own, false},
		"no nonce":                     {func(c map[string]any) { delete(c, "nonce") }, own, false},
		"wrong issuer":                 {set("iss", "https://iserv.evil.example"), own, false},
		"wrong audience":               {set("aud", "another"), own, false},
		"several, and we are not it":   {func(c map[string]any) { c["aud"], c["azp"] = []string{"einverstanden", "x"}, "x" }, own, false},
		"several, and nobody is it":    {set("aud", []string{"einverstanden", "x"}), own, false},
		"over":                         {set("exp", now.Add(-time.Minute).Unix()), own, false},
		"not yet":                      {set("nbf", now.Add(time.Hour).Unix()), own, false},
		"another subject than it said": {set("sub", "somebody"), own, false},
		"of nobody":                    {set("sub", ""), own, false},
		"another access token":         {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), own, false},
		"not signed":                   {func(map[string]any) {}, unsigned, false},
		"signed with our secret":       {func(map[string]any) {}, hmac([]byte(s.client.Secret)), false},
		"signed with the public key":   {func(map[string]any) {}, hmac(s.PublicKey()), false},
	} {
		t.Run(what, func(t *testing.T) {
			s.tamper.path = "/token"
			s.tamper.change = func(answer map[string]any) {
				token, _ := answer["id_token"].(string)
				claims := jwt.MapClaims{}
				if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
					t.Error(err)
				}
				c.change(claims)
				answer["id_token"] = c.sign(claims)
			}
			got, err := s.signIn(t)
			if c.fine {
				if err != nil || got.Subject != "lena" {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			wantFault(t, what, err, fault.OIDCRefused)
		})
	}
}

func TestC8UserInfoAboutSomebodyElseIsRefused(t *testing.T) {
	s := newSide(t, func(*testkit.IssuerConfig) {})
	s.tamper.path, s.tamper.change = "/me", func(answer map[string]any) { answer["sub"] = "somebody" }
	_, err := s.signIn(t)
	wantFault(t, "user info", err, fault.OIDCRefused)
}

// F1: a provider in the own network is called only where the operator has listed it.
func TestF1AProviderInTheOwnNetworkIsRefusedUnlessListed(t *testing.T) {
	s := newSide(t, func(*testkit.IssuerConfig) {})
	out := outbound.New(nil, "test")
	defer out.Close()
	stranger := oidc.NewCaller(out, time.Now)
	_, _, err := stranger.Begin(t.Context(), s.client, oidc.NewRequest())
	wantFault(t, "not listed", err, fault.HostRefused)
	if got := stranger.Probe(t.Context(), s.client); !slices.Equal(got, []oidc.Finding{oidc.AddressRefused}) {
		t.Errorf("got %v", got)
	}
	for _, issuer := range []string{"https://127.0.0.1", "https://[::1]", "https://localhost"} {
		client := s.client
		client.Issuer = issuer
		_, _, err := stranger.Begin(t.Context(), client, oidc.NewRequest())
		wantFault(t, issuer, err, fault.HostUnreachable)
	}
}

// What a provider publishes may lead us into the own network, too.
func TestF1EndpointsArePassedThroughTheSameGate(t *testing.T) {
	s := newSide(t, func(*testkit.IssuerConfig) {})
	s.tamper.path = "/.well-known/openid-configuration"
	s.tamper.change = func(answer map[string]any) { answer["token_endpoint"] = "https://127.0.0.1/latest/meta-data" }
	_, err := s.signIn(t)
	wantFault(t, "token endpoint", err, fault.HostUnreachable)
}

func TestEachFailureHasItsFinding(t *testing.T) {
	s := newSide(t, func(c *testkit.IssuerConfig) {
		c.Scopes = []string{"openid", "profile", "iserv:uuid", "iserv:groups", "iserv:roles"}
		c.Released = "openid profile"
	})
	published := "/.well-known/openid-configuration"
	for what, c := range map[string]struct {
		client func(*oidc.Client)
		path   string
		change func(map[string]any)
		want   []oidc.Finding
	}{
		"scopes refused": {want: []oidc.Finding{oidc.ScopesRefused, oidc.Fine}},
		"wrong secret":   {client: func(c *oidc.Client) { c.Secret = "falsch" }, want: []oidc.Finding{oidc.ScopesRefused, oidc.SecretRefused}},
		"unknown client": {client: func(c *oidc.Client) { c.ID = "falsch" }, want: []oidc.Finding{oidc.ClientRefused}},
		"our address is not registered": {
			client: func(c *oidc.Client) { c.Redirect = "http://localhost:2/x" }, want: []oidc.Finding{oidc.ClientRefused},
		},
		"nobody there":     {client: func(c *oidc.Client) { c.Issuer = "https://127.0.0.1" }, want: []oidc.Finding{oidc.Unreachable}},
		"address refused":  {client: func(c *oidc.Client) { c.Issuer = "http://iserv.schule.example" }, want: []oidc.Finding{oidc.AddressRefused}},
		"no provider":      {client: func(c *oidc.Client) { c.Issuer += "/elsewhere" }, want: []oidc.Finding{oidc.NotAProvider}},
		"calls itself so":  {path: published, change: func(a map[string]any) { a["issuer"] = "https://iserv.schule.example" }, want: []oidc.Finding{oidc.OtherIssuer}},
		"no code":          {path: published, change: func(a map[string]any) { a["response_types_supported"] = []string{"id_token"} }, want: []oidc.Finding{oidc.NoCodeFlow}},
		"HS256 alone":      {path: published, change: func(a map[string]any) { a["id_token_signing_alg_values_supported"] = []string{"HS256"} }, want: []oidc.Finding{oidc.NoCodeFlow}},
		"a script as page": {path: published, change: func(a map[string]any) { a["authorization_endpoint"] = "javascript:alert(1)" }, want: []oidc.Finding{oidc.NotAProvider}},
	} {
		client := s.client
		if c.client != nil {
			c.client(&client)
		}
		s.tamper.path, s.tamper.change = c.path, c.change
		if got := s.caller.Probe(t.Context(), client); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", what, got, c.want)
		}
	}
}

// What the other side writes must not come out of an error, not even into the log.
func TestErrorsDoNotQuoteTheOtherSide(t *testing.T) {
	s := newSide(t, func(*testkit.IssuerConfig) {})
	address, kept := s.begin(t)
	reply := replyOf(s.SignIn(t, address, "cancel"))
	if !reply.Cancelled() {
		t.Errorf("got %+v", reply)
	}
	_, err := s.caller.Finish(t.Context(), s.client, kept, oidc.Reply{Code: "geheimer-code", Issuer: s.URL})
	wantFault(t, "a wrong code", err, fault.OIDCRefused)
	for _, secret := range []string{"geheim", s.client.Secret, "invalid_grant", kept.Verifier} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error says %q: %v", secret, err)
		}
	}
}

func TestWhatIsPublishedIsAskedForOnceInAWhile(t *testing.T) {
	now := time.Now()
	s := newSide(t, func(*testkit.IssuerConfig) {})
	asked := 0
	s.tamper.path, s.tamper.change = "/.well-known/openid-configuration", func(map[string]any) { asked++ }
	out := outbound.New([]string{s.Host()}, "test")
	t.Cleanup(out.Close)
	out.HTTP().Transport = s.tamper
	caller := oidc.NewCaller(out, func() time.Time { return now })
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {9 * time.Minute, 1}, {2 * time.Minute, 2}} {
		now = now.Add(step.after)
		if _, _, err := caller.Begin(context.Background(), s.client, oidc.NewRequest()); err != nil || asked != step.want {
			t.Errorf("asked %d times, want %d: %v", asked, step.want, err)
		}
	}
}

func TestWhatCanBeAnIssuer(t *testing.T) {
	for issuer, fine := range map[string]bool{
		"https://iserv.schule.example": true, "https://idp.example/realms/schule/": true, "http://10.1.2.3:8080": true,
		"": false, "iserv.schule.example": false, "javascript:alert(1)": false, "https://": false, "https:iserv": false,
		"https://a@iserv.schule.example": false, "https://iserv.schule.example?x=1": false, "https://iserv.schule.example#x": false,
		"https://iserv.schule.example?": false, "ftp://iserv.schule.example": false,
	} {
		if err := oidc.CheckIssuer(issuer); (err == nil) != fine {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}
