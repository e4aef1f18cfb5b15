package notify

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// decoded puts the messages of a hint together again.
func decoded(t *testing.T, messages []string) hint {
	t.Helper()
	var whole hint
	for _, p := range messages {
		if len(p) > store.MaxMessage {
			t.Fatalf("a message has %d bytes, want at most %d", len(p), store.MaxMessage)
		}
		h := decodeHint(p)
		if len(messages) > 1 && h.everything() {
			t.Fatal("a part of a hint is about everything")
		}
		whole.Origin = h.Origin
		whole.Feed = whole.Feed || h.Feed
		whole.Agents = append(whole.Agents, h.Agents...)
	}
	return whole
}

func TestAHintSurvivesItsMessages(t *testing.T) {
	many := make([]market.AgentID, 5_000)
	for i := range many {
		many[i] = market.AgentID(fmt.Sprintf("ag-%016d", i))
	}
	for name, h := range map[string]hint{
		"everything": {Origin: "me"},
		"feed":       {Origin: "me", Feed: true},
		"one":        {Origin: "me", Agents: []market.AgentID{"ag-1"}},
		"odd ids":    {Agents: []market.AgentID{"a\"b", "a,b", "", "<ä>", market.AgentID(strings.Repeat("x", 6_000))}},
		"many":       {Origin: "me", Agents: many, Feed: true},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(h, decoded(t, h.messages())); diff != "" {
				t.Errorf("(-sent +received):\n%.500s", diff)
			}
		})
	}
	if n := len((hint{Origin: "me", Agents: many}).messages()); n < 2 || n > 17 {
		t.Errorf("5,000 agents take %d messages, want few", n)
	}
}

func TestHintOfHugeIDsIsAboutEverything(t *testing.T) {
	h := hint{Origin: "me", Feed: true, Agents: []market.AgentID{"ag-1", market.AgentID(strings.Repeat("x", store.MaxMessage))}}
	if diff := cmp.Diff(hint{Origin: "me"}, decoded(t, h.messages())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsAboutEverything(t *testing.T) {
	if h := decodeHint(`{"a":["ag-1"],"from the future":{}}`); len(h.Agents) != 1 {
		t.Errorf("a newer hint is %+v", h)
	}
	for _, message := range []string{"", "x", "\x00not a hint", "[]", `{"f":true,"a":5}`, `{"a":["x"]`} {
		if h := decodeHint(message); !h.everything() {
			t.Errorf("%q says %+v", message, h)
		}
	}
}

func FuzzHint(f *testing.F) {
	f.Add("me", "ag-1", "ag-2", true, 3)
	f.Add("", "\x00\u2028", strings.Repeat("é", 2_000), false, 40)
	f.Fuzz(func(t *testing.T, origin, a, b string, feed bool, n int) {
		if !utf8.ValidString(origin) || !utf8.ValidString(a) || !utf8.ValidString(b) || len(origin) > 100 || len(a)+len(b) > 500 || n < 0 || n > 100 {
			return
		}
		h := hint{Origin: origin, Feed: feed}
		for range n {
			h.Agents = append(h.Agents, market.AgentID(a), market.AgentID(b))
		}
		if diff := cmp.Diff(h, decoded(t, h.messages())); diff != "" {
			t.Errorf("(-sent +received):\n%.500s", diff)
		}
	})
}
