package participation

import (
	"errors"
	"fmt"
)

// Mode is how a pupil takes part. The order is that of reach, so modes compare with < and min.
type Mode uint8

// The modes, strictest first: the zero value is None.
const (
	None  Mode = iota // another way: phone, letter, in person
	Audio             // sound only
	Video             // picture and sound
)

// ErrMode is the fault of a text that names no mode.
var ErrMode = errors.New("participation: not a mode")

// ParseMode reads none, audio or video. On a fault the mode is None.
func ParseMode(text string) (Mode, error) {
	switch text {
	case "none":
		return None, nil
	case "audio":
		return Audio, nil
	case "video":
		return Video, nil
	default:
		return None, fmt.Errorf("%w: %q", ErrMode, text)
	}
}

// String is the mode's word: none, audio or video.
func (m Mode) String() string {
	switch m {
	case Video:
		return "video"
	case Audio:
		return "audio"
	default:
		return "none"
	}
}

// MarshalText writes the mode's word, in JSON too.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the mode's word.
func (m *Mode) UnmarshalText(text []byte) error {
	mode, err := ParseMode(string(text))
	if err != nil {
		return err
	}
	*m = mode
	return nil
}

// strict makes a value beyond Video, which only a fault can produce, the strictest.
func (m Mode) strict() Mode {
	if m > Video {
		return None
	}
	return m
}
