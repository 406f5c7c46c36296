package account

import (
	"context"
	"net/netip"
)

const loweringLimit = 60 // wrong lowering keys from one address: nobody guesses 128 bits, this keeps the load down

// CountWrongLoweringKey counts a lowering key that was none, and refuses with TooManyTries beyond the limit of an hour.
// Only wrong keys are counted: a right one lowers always, however many wrong ones came from the same address.
func (s *Service) CountWrongLoweringKey(ctx context.Context, address netip.Addr) error {
	_, err := s.reserve(ctx, []counter{{kind: "lowering", subject: addressGroup(address), limit: loweringLimit}})
	return err
}
