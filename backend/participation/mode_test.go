package participation_test

import (
	"encoding/json"
	"errors"
	"testing"

	"einverstanden/backend/participation"
)

func TestModesAreOrderedByReachAndTheZeroValueIsNone(t *testing.T) {
	var zero participation.Mode
	if zero != none || none >= audio || audio >= video {
		t.Error("want none < audio < video")
	}
	if (participation.Standing{}).Mode != none || participation.Decide(participation.Facts{}).Mode != none {
		t.Error("of nothing we know nothing: none")
	}
}

func TestModeWords(t *testing.T) {
	for word, mode := range map[string]participation.Mode{"none": none, "audio": audio, "video": video} {
		data, err := json.Marshal(mode)
		if err != nil || string(data) != `"`+word+`"` {
			t.Errorf("%s: got %s and %v", word, data, err)
		}
		var read participation.Mode
		if err := json.Unmarshal(data, &read); err != nil || read != mode {
			t.Errorf("%s: got %s and %v", word, read, err)
		}
	}
	if participation.Mode(9).String() != "none" {
		t.Error("what is no mode reads as none")
	}
	for _, word := range []string{"", "Video", "sound", "none "} {
		read := video
		if err := read.UnmarshalText([]byte(word)); !errors.Is(err, participation.ErrMode) || read != video {
			t.Errorf("%q: got %s and %v, want ErrMode and no change", word, read, err)
		}
		if mode, err := participation.ParseMode(word); err == nil || mode != none {
			t.Errorf("%q: got %s and %v", word, mode, err)
		}
	}
}
