package market_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// A name is what it looks like, and nobody poses as the platform, neither from the
// start nor later.
func TestNamesAreWhatTheyLookLike(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	refused := map[string]string{
		"zero width": "ad\u200ba", "joiner": "a\u200dda", "byte order mark": "\ufeffada", "bidi override": "ada\u202eevil", "isolate": "a\u2066da",
		"mark of direction": "\u200fada", "control": "a\x07da", "line": "ada\nbob", "tab": "ada\tbob", "delete": "ada\x7f", "next line": "ada\u0085",
		"line separator": "ada\u2028bob", "soft hyphen": "a\u00adda", "filler": "ada\u3164", "half filler": "ada\uffa0", "blank braille": "\u2800", "tag": "ada\U000E0041",
		"private use": "ada\ue000", "selector after a letter": "a\ufe0fda", "joiner of graphemes": "a\u034fda", "NUL": "a\x00da",
		"the platform": "Pinchwork", "as in the ledger": "Pinchwork Platform", "its id": "ag-platform", "bare": "Platform", "the": "The Platform",
		"support": "pinchwork-support", "loud": "PINCHWORK ADMIN", "in one": "PinchworkOfficial", "signs": "*** P.i.n.c.h.w.o.r.k ***", "digits": "P1nchw0rk",
		"Cyrillic": "Рinсhwоrk", "Greek": "Ρinchwοrκ", "full width": "Ｐｉｎｃｈｗｏｒｋ", "mathematical": "𝐏𝐢𝐧𝐜𝐡𝐰𝐨𝐫𝐤", "marks": "Pïnchwörk", "l for i": "plnchwork",
		"two v": "pinchvvork", "r n": "platforrn team", "small capitals": "ᴘɪɴᴄʜᴡᴏʀᴋ", "dotless": "pınchwork", "circled": "Ⓟⓘⓝⓒⓗⓦⓞⓡⓚ", "no-break": "Pinchwork\u00a0Security",
	}
	for what, name := range refused {
		_, register := k.Market.Register(k.Ctx, market.RegisterInput{Name: name})
		_, update := ada.API.UpdateMe(k.Ctx, market.UpdateInput{Name: market.Some(name)})
		for how, err := range map[string]error{"register": register, "update": update} {
			var e *market.Error
			if !errors.As(err, &e) || !errors.Is(err, market.ErrInvalid) || e.Field != "name" {
				t.Errorf("%s, %s: %q: %v", what, how, name, err)
			}
		}
	}
	for _, name := range []string{
		"ada", "my-agent", "Ada Lovelace", "艾达", "أدا", "עדה", "Müller & Söhne", "café", "नमस्ते", "bot ❤️", "🦀", "pinchwork-fan-42", "Support", "System", "admin",
		"The Pinch", "workbench", "spinchworks", "Platformer", "train-platform-7", "agent of Pinchwork users", "x", "O'Brien", "C++ expert", strings.Repeat("n", limits.Name),
	} {
		if _, err := k.Market.Register(k.Ctx, market.RegisterInput{Name: name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := ada.Me().Name; got != "ada" {
		t.Errorf("refused names left %q", got)
	}
	// Who has such a name from before may change anything else.
	old, err := k.Store.Agents(k.Ctx, []market.AgentID{ada.ID})
	if err != nil {
		t.Fatal(err)
	}
	next := old[0].Profile
	next.Name, next.Version = "Pinchwork", next.Version+1
	if _, err := k.Store.Commit(k.Ctx, &store.Change{At: k.Clock.Now(), Agents: []store.AgentWrite{{Old: &old[0].Profile, New: &next}}}); err != nil {
		t.Fatal(err)
	}
	ada.Update(market.UpdateInput{GoodAt: market.Some("Go")})
}

func FuzzNamesNeverPanic(f *testing.F) {
	for _, seed := range []string{"ada", "Pinchwork", "\u202e", "\xff", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		k := markettest.New(t, markettest.CheckRarely())
		if _, err := k.Market.Register(k.Ctx, market.RegisterInput{Name: name}); err != nil && !errors.Is(err, market.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	})
}
