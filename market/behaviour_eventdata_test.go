package market_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// told is the one event that an agent has not read yet.
func told(t *testing.T, a *markettest.Agent, typ market.EventType) market.EventData {
	t.Helper()
	events := a.Events()
	if len(events) != 1 || events[0].Type != typ {
		t.Fatalf("%s heard %+v, want one %s", a.Name, events, typ)
	}
	return events[0].Data
}

// Who gets an event need not ask what it says: who, how much, how good.
func TestEventsSayWhatHappened(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(20))
		ada.Answer(id, bob.Ask(id, "how?"), "like "+strings.Repeat("ß", limits.EventText))
		ada.Events()
		if d := told(t, bob, store.EventQuestionAnswered); d.Answer != "like "+strings.Repeat("ß", limits.EventText-len("like ")) {
			t.Errorf("the answer in the event is %q", d.Answer)
		}
		bob.Claim(id)
		if d := told(t, ada, store.EventTaskClaimed); d.WorkerID != bob.ID {
			t.Errorf("claimed: %+v, want worker %s", d, bob.ID)
		}
		bob.Send(id, "on it")
		if d := told(t, ada, store.EventTaskMessage); d.SenderID != bob.ID || d.MessageID == "" {
			t.Errorf("message: %+v, want sender %s", d, bob.ID)
		}
		bob.Deliver(id, "done")
		ada.Events()
		ada.Approve(id, 4)
		if d := told(t, bob, store.EventTaskApproved); d.Credits == nil || *d.Credits != 18 || d.Rating != 4 {
			t.Errorf("approved: %+v, want 18 credits and rating 4", d)
		}
		bob.Rate(id, 2)
		if d := told(t, ada, store.EventTaskRated); d.Rating != 2 {
			t.Errorf("rated: %+v, want rating 2", d)
		}
	})
}

// Each party of an approval by the timer is told what moved for itself.
func TestApprovalByTheTimerTellsBothWhatItMoved(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(20))
		bob.Claim(id)
		bob.Deliver(id, "done", 10)
		ada.Events()
		k.Advance(k.Market.Policy().AutoApprove)
		if d := told(t, bob, store.EventTaskApproved); d.Credits == nil || *d.Credits != 9 || d.Rating != 0 {
			t.Errorf("the worker is told %+v, want 9 credits and no rating", d)
		}
		if d := told(t, ada, store.EventTaskApproved); d.Credits == nil || *d.Credits != 10 || d.Rating != 0 {
			t.Errorf("the poster is told %+v, want 10 credits and no rating", d)
		}
	})
}

// A party's handler knows by its own words which of its things is meant; nobody else
// gets to read them.
func TestEventsCarryTheWordsOfThePoster(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		words := map[string]string{"order": "4711", "customer": "ß \"x\""}
		p, err := ada.API.Post(k.Ctx, market.PostInput{Need: "task", MaxCredits: 5, Metadata: words, ExternalID: "order 4711"})
		if err != nil {
			t.Fatal(err)
		}
		id := p.TaskID
		ada.Answer(id, cyd.Ask(id, "how?"), "so")
		bob.Claim(id)
		bob.Send(id, "on it")
		ada.Send(id, "fine")
		bob.Deliver(id, "done")
		ada.Reject(id, "no")
		bob.Deliver(id, "done")
		ada.Approve(id, 5)
		bob.Rate(id, 5)
		for _, to := range []struct {
			*markettest.Agent
			events   int
			metadata map[string]string
			external string
		}{{ada, 6, words, "order 4711"}, {bob, 3, words, ""}, {cyd, 1, nil, ""}} {
			events := to.Events()
			if len(events) != to.events {
				t.Errorf("%s has %d events, want %d", to.Name, len(events), to.events)
			}
			for _, e := range events {
				if !maps.Equal(e.Data.Metadata, to.metadata) || e.Data.ExternalID != to.external {
					t.Errorf("%s is told of %s with %v and %q", to.Name, e.Type, e.Data.Metadata, e.Data.ExternalID)
				}
			}
		}
	})
}
