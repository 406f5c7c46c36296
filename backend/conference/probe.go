package conference

import (
	"context"

	"einverstanden/backend/fault"
)

// Finding is what Probe has found out.
type Finding string

// The findings.
const (
	Fine           Finding = "fine"
	AddressRefused Finding = "address_refused" // not https, or in a network that the operator has not opened
	Unreachable    Finding = "unreachable"
	NotAServer     Finding = "not_a_server"   // answers, but not as BigBlueButton does
	SecretRefused  Finding = "secret_refused" // or it takes no SHA-256
	CallFailed     Finding = "call_failed"    // knows us, and says that it cannot
)

// Probe asks the server for its open rooms, and tells how that went. It asks also where the server is left alone.
func (c *Client) Probe(ctx context.Context, server Server) Finding {
	_, err := c.once(ctx, server, "getMeetings", "")
	switch {
	case err == nil:
		c.breakerOf(server.URL).hears(c.clock(), true)
		return Fine
	case fault.Has(err, fault.HostRefused):
		return AddressRefused
	case fault.Has(err, fault.HostUnreachable):
		return Unreachable
	case fault.Has(err, fault.ConferenceRefused):
		return SecretRefused
	case fault.Has(err, fault.ConferenceFailed):
		return CallFailed
	}
	return NotAServer
}
