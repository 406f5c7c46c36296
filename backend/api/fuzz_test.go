package api

import (
	"bufio"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// FuzzHeaders feeds what the edge reads of a request before anybody is known: whatever stands there, a language of ours
// comes out, and an address or none.
func FuzzHeaders(f *testing.F) {
	s := bareServer(f)
	s.Proxies = []string{"0.0.0.0"} // the peer of a request without a connection
	app := s.newFiber()
	for _, seed := range [][3]string{
		{"de-DE,de;q=0.9", "198.51.100.1", accessCookie + "=a.b.c; x=y"}, {"*;q=0", "2001:db8::1%eth0", ";;=;"},
		{strings.Repeat("a-", 500), "1.1.1.1, 2.2.2.2", `a="b`}, {"tr;q=2", "::ffff:1.2.3.4", accessCookie + "==="}, {"", "", ""},
		{"", "", accessCookie + "=\x00"}, {"\r\nCookie: a=b", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, language, address, cookie string) {
		if chosen := preferredLanguage(language); !slices.Contains(languages, chosen) {
			t.Fatalf("%q gives %q", language, chosen)
		}
		request := &fasthttp.RequestCtx{}
		raw := "GET / HTTP/1.1\r\nHost: h\r\nAccept-Language: " + language + "\r\nX-Real-IP: " + address + "\r\nCookie: " + cookie + "\r\n\r\n"
		if request.Request.Header.Read(bufio.NewReader(strings.NewReader(raw))) != nil {
			return // answered with 400 before any of ours reads it
		}
		c := app.AcquireCtx(request)
		defer app.ReleaseCtx(c)
		if _, err := netip.ParseAddr(c.IP()); err != nil {
			t.Fatalf("X-Real-IP %q gives %q", address, c.IP())
		}
		for _, name := range []string{accessCookie, refreshCookie, deviceCookie} {
			if value := c.Cookies(name); strings.ContainsAny(value, "\r\n\x00;") {
				t.Fatalf("the cookie %q gives %q", cookie, value)
			}
			_ = cookieOf(&humaContext{c: c}, name)
		}
	})
}

// FuzzIdempotencyKey holds that a key that is taken is short and visible ASCII.
func FuzzIdempotencyKey(f *testing.F) {
	op := idempotent(post("/x", "x", "x", "x"))
	app := fiber.New()
	for _, seed := range []string{"k", "", "a b", "\xff", strings.Repeat("k", 81), "schlüssel", "a\x00", "0190b9f2-7e5c-7000-8000-000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		request := &fasthttp.RequestCtx{}
		request.Request.Header.Set("Idempotency-Key", key)
		c := app.AcquireCtx(request)
		defer app.ReleaseCtx(c)
		got := c.Get("Idempotency-Key")
		if len(got) <= 80 && isVisibleASCII(got) {
			return // asks for the actor next
		}
		if err := takeIdempotencyKey(&op, c); err == nil || !strings.Contains(err.Error(), "idempotency_key_missing") {
			t.Fatalf("%q: %v", key, err)
		}
	})
}

// FuzzBody holds that checkJSON refuses or passes, and that what it passes has no text that PostgreSQL refuses.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"a": 1}`, `{"a": {"A": [1, "\u0000"]}, "a": 2}`, `[[[[[[[[[[[[[[1]]]]]]]]]]]]]]`, "\xff", `{"a"`, `{"answer": "none"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkJSON(body) == nil && strings.Contains(strings.ReplaceAll(string(body), `\\`, ""), `\u0000`) {
			t.Fatalf("%q passes", body)
		}
		_ = saysNo(body) // judges nothing, but must bear everything
	})
}
