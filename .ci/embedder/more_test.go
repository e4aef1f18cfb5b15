package embedder

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// A worker that shows life keeps its claim, and its poster hears of it.
func TestALongTaskKeepsItsClaim(t *testing.T) {
	k := markettest.New(t)
	poster, worker := k.Agent("poster"), k.Agent("worker")
	id := poster.Post("slow", markettest.ClaimTimeout(time.Hour))
	worker.Claim(id)
	for range 3 {
		k.Advance(50 * time.Minute)
		if _, err := worker.API.Progress(k.Ctx, id, market.ProgressInput{Note: "still at it", Percent: new(30)}); err != nil {
			t.Fatal(err)
		}
	}
	worker.Deliver(id, "done")
	if heard := poster.Heard(); !strings.Contains(strings.Join(texts(heard), " "), "task_progress") {
		t.Errorf("the poster heard %v", heard)
	}
}

func texts[S ~string](list []S) (out []string) {
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

// Many tasks are posted at once, under names of the program's own, with its words, for
// one agent alone; a second run of the program posts nothing again.
func TestAProgramPostsItsOrders(t *testing.T) {
	k := markettest.New(t)
	poster, hired, other := k.Agent("poster"), k.Agent("hired"), k.Agent("other")
	batch := market.PostBatchInput{Tasks: []market.PostInput{
		{Need: "pack", MaxCredits: 10, ExternalID: "order 1", Metadata: map[string]string{"customer": "7"}, OfferTo: []market.AgentID{hired.ID}},
		{Need: "send", MaxCredits: 10, ExternalID: "order 2", OfferTo: []market.AgentID{hired.ID}, OpenAfter: time.Hour},
	}}
	first := must(poster.API.PostBatch(k.Ctx, batch))
	again := must(poster.API.PostBatch(k.Ctx, batch))
	if first.Tasks[0].TaskID != again.Tasks[0].TaskID || !again.Tasks[1].Existing || poster.Balance() != 80 {
		t.Errorf("posted %+v and %+v", first, again)
	}
	mine := must(poster.API.Mine(k.Ctx, market.MineQuery{Metadata: map[string]string{"customer": "7"}}))
	if len(mine.Tasks) != 1 || mine.Tasks[0].Need != "pack" {
		t.Errorf("the customer has %+v", mine)
	}
	if _, err := other.API.PickupTask(k.Ctx, first.Tasks[1].TaskID); !errors.Is(err, market.ErrNotFound) {
		t.Errorf("somebody else gets it: %v", err)
	}
	hired.Claim(first.Tasks[0].TaskID)
	k.Advance(time.Hour)
	other.Claim(first.Tasks[1].TaskID)
}

// The users of a program are its agents: no key, one agent each, closed to others.
func TestUsersAreAgents(t *testing.T) {
	m := running(t, pinchwork.WithPolicy(func(p *market.Policy) { p.Registration = market.RegistrationInvite }))
	site := must(httpserver.New(m, httpserver.Options{
		NoKeys: true, Off: []string{"rotateKey"},
		Authenticate: func(r *http.Request) (market.AgentID, error) {
			user := r.Header.Get("X-User")
			if user == "" {
				return "", errors.New("nobody is signed in")
			}
			made, err := m.Ensure(r.Context(), user, market.RegisterInput{Name: user})
			return made.AgentID, err
		},
	}))
	t.Cleanup(site.Close)
	status := func(method, path, user, body string) int {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-User", user)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code
	}
	invites := must(m.Invite(t.Context(), market.InviteInput{Count: 2}))
	for _, c := range []struct {
		method, path, user, body string
		want                     int
	}{
		{"GET", "/v1/me", "ada", "", 200},
		{"GET", "/v1/me", "", "", 401},
		{"POST", "/v1/tasks", "ada", `{"need":"x","max_credits":5}`, 201},
		{"POST", "/v1/me/key/rotate", "ada", "", 404},
		{"POST", "/v1/register", "", `{"name":"bob"}`, 403},
		{"POST", "/v1/register", "", `{"name":"bob","invite":"` + string(invites.Invites[1]) + `"}`, 201},
	} {
		if got := status(c.method, c.path, c.user, c.body); got != c.want {
			t.Errorf("%s %s of %q: %d, not %d", c.method, c.path, c.user, got, c.want)
		}
	}
	ada := must(m.Ensure(t.Context(), "ada", market.RegisterInput{Name: "ada"}))
	if ada.Created {
		t.Error("ada came twice")
	}
	key := must(m.As(ada.AgentID).RotateKey(t.Context(), market.RotateInput{Overlap: time.Minute}))
	if !strings.HasPrefix(string(key.APIKey), "pwk-") || strings.Contains(key.APIKey.String(), string(key.APIKey)[5:]) {
		t.Error("the key is no key, or is printed")
	}
}

// A program looks on: it hears of each commit, and reads all events in order.
func TestAProgramLooksOn(t *testing.T) {
	var commits atomic.Int64
	m := running(t, pinchwork.WithObserver(func(market.Commit) { commits.Add(1) }))
	poster, worker := agent(t, m, "poster"), agent(t, m, "worker")
	posted := must(poster.Post(t.Context(), market.PostInput{Need: "x", MaxCredits: 5}))
	must(worker.PickupTask(t.Context(), posted.TaskID))
	must(worker.Deliver(t.Context(), posted.TaskID, market.DeliverInput{Result: "y"}))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var seen []string
	for e, err := range m.Events(ctx, market.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, string(e.Type)); e.Type == store.EventTaskDelivered {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "task_claimed task_delivered" {
		t.Errorf("it saw %s", got)
	}
	markettest.Eventually(t, "five commits are told", func() bool { return commits.Load() == 5 })
}

// Tests of a program meet the faults that its market may meet, and its webhooks arrive.
func TestFaultsAndWebhooks(t *testing.T) {
	faults, inbox := new(markettest.Faults), new(markettest.Inbox)
	k := markettest.New(t, markettest.Faulty(faults), markettest.Webhooks(inbox))
	poster, worker := k.Agent("poster", markettest.Webhook("https://example.com/hook", "secret")), k.Agent("worker")
	faults.Fail(markettest.Before, "Commit*", 1)
	if _, err := poster.API.Post(k.Ctx, market.PostInput{Need: "x", MaxCredits: 5}); !errors.Is(err, market.ErrUnavailable) {
		t.Errorf("without a store: %v", err)
	}
	ctx, stop := context.WithCancel(k.Ctx)
	done := make(chan error)
	go func() { done <- k.Market.Run(ctx) }()
	id := poster.Post("x")
	worker.Claim(id)
	k.Advance(time.Second)
	markettest.Eventually(t, "the webhook comes", func() bool { return len(inbox.Received()) == 1 })
	stop()
	<-done
}
