package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// programLimit is how many requests a program may send in a minute, on each instance: a display that asks every second
// for five classes stays below it.
const programLimit = 300

// credential is what a request comes with: the access token of a browser, or the API token of a program.
type credential struct {
	token   string
	program bool
}

// credentialOf takes the Bearer token (RFC 6750, 2.1) or, without one, the cookie. Beside a Bearer token all cookies are
// dropped, so that no handler reads them: a program is nobody's browser, and owes no proof of its origin.
func credentialOf(c *fiber.Ctx) credential {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return credential{token: strings.Clone(c.Cookies(accessCookie))}
	}
	c.Request().Header.DelAllCookies()
	return credential{token: strings.Clone(strings.TrimSpace(token)), program: true}
}

func (s *Server) authenticate(ctx context.Context, who credential) (authz.Actor, error) {
	if who.program {
		return s.Accounts.AuthenticateProgram(ctx, who.token)
	}
	return s.Accounts.Authenticate(ctx, who.token)
}

// refuseProgram answers a Bearer token that does not hold, on public paths too, and always alike: a program that is not
// who it believes to be had better know (RFC 6750, 3).
func refuseProgram(c *fiber.Ctx, err error) error {
	if fault.Has(err, fault.NotSignedIn) {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer error="invalid_token"`)
	}
	return err
}

// programsOnlyRead refuses whatever changes something, also where nobody needs to be signed in: with a token no program
// decides, records or lowers, whatever its scopes (settled 20).
func programsOnlyRead(actor authz.Actor, method string) error {
	if actor.Role == authz.Program && method != fiber.MethodGet {
		return fault.New(fault.NotAllowedHere)
	}
	return nil
}

// programScopes names the scopes that open an operation, for the document.
func programScopes(access authz.Permission) string {
	var scopes []string
	for _, scope := range authz.AllScopes {
		for _, permission := range authz.PermissionsOf(scope) {
			if permission == access {
				scopes = append(scopes, string(scope))
			}
		}
	}
	if len(scopes) == 0 {
		return ""
	}
	return "\n\nPrograms with an API token: any of the scopes " + strings.Join(scopes, ", ") + "."
}

// pace counts the requests of each program in the present minute. Only tokens that hold are counted, so that it stays
// small.
type pace struct {
	mu     sync.Mutex
	minute int64
	counts map[id.Account]int
}

// take refuses with TooManyRequests until the minute is over.
func (p *pace) take(program id.Account, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if minute := now.Unix() / 60; minute != p.minute || p.counts == nil {
		p.minute, p.counts = minute, map[id.Account]int{}
	}
	if p.counts[program] >= programLimit {
		return fault.New(fault.TooManyRequests).After(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
	}
	p.counts[program]++
	return nil
}
