package market_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

func goodAt(a *markettest.Agent, text string) {
	a.Update(market.UpdateInput{GoodAt: market.Some(text)})
}

// reads is the extraction on offer, which must be about the text.
func reads(t *testing.T, infra *markettest.Agent, text string) market.Pickup {
	t.Helper()
	p := infra.Pickup()
	if want := `"` + text + `"`; p.SystemTaskType != market.ExtractCapabilities || p.Context == "" || !strings.Contains(p.Context, want) {
		t.Fatalf("on offer is %+v, want the extraction of %s", p, want)
	}
	return p
}

func answers(t *testing.T, infra *markettest.Agent, p market.Pickup, tag string, used bool) {
	t.Helper()
	v := infra.Deliver(p.TaskID, `{"tags":["`+tag+`"]}`)
	if v.AnswerUsed == nil || *v.AnswerUsed != used || *v.WorkerReceives != 2 {
		t.Errorf("answer_used is %v after %s, want %v", v.AnswerUsed, tag, used)
	}
}

func hasTags(t *testing.T, a *markettest.Agent, tags ...string) {
	t.Helper()
	if got := a.Me().Tags; !slices.Equal(got, tags) {
		t.Errorf("the tags are %v, want %v", got, tags)
	}
}

// A text that changes while the old one waits to be read takes its place at once.
func TestAChangedTextReplacesTheOneThatWaits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra())
		ada := k.Agent("ada", markettest.GoodAt("first"))
		first := extraction(k, ada)
		goodAt(ada, "second")
		if got := k.Stored(first).Status; got != market.StatusCancelled {
			t.Errorf("the first extraction is %s", got)
		}
		answers(t, infra, reads(t, infra, "second"), "two", true)
		hasTags(t, ada, "two")
		if _, more := infra.TryPickup(); more {
			t.Error("there is more to read")
		}
	})
}

// A text that changes while the old one is being read makes that answer late; the
// new one is read by itself, when the hour has passed.
func TestAChangeMakesAClaimedExtractionLateAndAnotherFollows(t *testing.T) {
	for name, deliverFirst := range map[string]bool{"delivered before the hour": true, "after it": false} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				infra := k.Agent("infra", markettest.Infra())
				ada := k.Agent("ada", markettest.GoodAt("first"))
				p := reads(t, infra, "first")
				goodAt(ada, "second")
				if deliverFirst {
					answers(t, infra, p, "one", false)
				}
				k.Advance(59 * time.Minute)
				if _, early := infra.TryPickup(); early {
					t.Error("another follows within the hour")
				}
				k.Advance(time.Minute)
				second := reads(t, infra, "second")
				if !deliverFirst {
					answers(t, infra, p, "one", false)
				}
				hasTags(t, ada)
				answers(t, infra, second, "two", true)
				hasTags(t, ada, "two")
				k.Advance(3 * time.Hour)
				if _, more := infra.TryPickup(); more {
					t.Error("there is more to read")
				}
			})
		})
	}
}

// So is a text that changes within the hour after the old one was read.
func TestATextThatChangesWithinTheHourIsReadAfterIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra())
		ada := k.Agent("ada", markettest.GoodAt("first"))
		answers(t, infra, reads(t, infra, "first"), "one", true)
		k.Advance(10 * time.Minute)
		goodAt(ada, "second")
		goodAt(ada, "third")
		hasTags(t, ada, "one")
		k.Advance(50 * time.Minute)
		answers(t, infra, reads(t, infra, "third"), "three", true)
		hasTags(t, ada, "three")
	})
}

// A text that is the old one again by then needs no reading.
func TestATextThatIsTheOldOneAgainIsNotReadAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra())
		ada := k.Agent("ada", markettest.GoodAt("first"))
		p := reads(t, infra, "first")
		goodAt(ada, "second")
		goodAt(ada, "first")
		answers(t, infra, p, "one", true)
		hasTags(t, ada, "one")
		k.Advance(2 * time.Hour)
		if _, more := infra.TryPickup(); more {
			t.Error("it is read again")
		}
	})
}

// Who takes the text back has no tags of it, now or later.
func TestAClearedTextLeavesNoTags(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra())
		for name, clear := range map[string]market.UpdateInput{"null": {GoodAt: market.Null[string]()}, "empty": {GoodAt: market.Some("")}} {
			waits := k.Agent("waits", markettest.GoodAt("first"))
			waiting := extraction(k, waits)
			waits.Update(clear)
			if got := k.Stored(waiting).Status; got != market.StatusCancelled {
				t.Errorf("%s: what waits to be read is %s", name, got)
			}
			claimed := k.Agent("claimed", markettest.GoodAt("first"))
			p := reads(t, infra, "first")
			claimed.Update(clear)
			answers(t, infra, p, "one", false)
			read := k.Agent("read", markettest.GoodAt("first"))
			answers(t, infra, reads(t, infra, "first"), "one", true)
			read.Update(clear)
			k.Advance(3 * time.Hour)
			for _, a := range []*markettest.Agent{waits, claimed, read} {
				hasTags(t, a)
			}
			if _, more := infra.TryPickup(); more {
				t.Errorf("%s: there is more to read", name)
			}
		}
	})
}

// Changes and answers at the same moment leave the tags of the text that stays.
func TestTagsAreThoseOfTheTextWhoeverIsFaster(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra())
		for range 5 {
			ada := k.Agent("ada", markettest.GoodAt("first"))
			p := reads(t, infra, "first")
			k.Together(2, func(i int) {
				var err error
				if i == 0 {
					_, err = infra.API.Deliver(k.Ctx, p.TaskID, market.DeliverInput{Result: `{"tags":["one"]}`})
				} else {
					_, err = ada.API.UpdateMe(k.Ctx, market.UpdateInput{GoodAt: market.Some("second")})
				}
				if err != nil {
					t.Error(err)
				}
			})
			k.Advance(time.Hour)
			answers(t, infra, reads(t, infra, "second"), "two", true)
			hasTags(t, ada, "two")
		}
	})
}
