package notify

import "context"

// slip is the channel Slip: the message waits on the office's list until somebody hands over a piece of paper.
type slip struct{}

// WithSlips adds the channel Slip.
func (s *Service) WithSlips() *Service { return s.WithChannel(slip{}) }

// Name is Slip.
func (slip) Name() ChannelName { return Slip }

// Deliver leaves the row that the service keeps; that is all.
func (slip) Deliver(context.Context, string, Message) (Outcome, error) { return Outcome{}, nil }
