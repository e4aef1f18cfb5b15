package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// listens gives an agent a webhook.
func (o *owner) listens(secret string) {
	o.t.Helper()
	in := market.UpdateInput{WebhookURL: market.Some("https://hooks.example/in")}
	if secret != "" {
		in.WebhookSecret = market.Some(secret)
	}
	if _, err := o.agent.UpdateMe(o.t.Context(), in); err != nil {
		o.t.Fatal(err)
	}
}

// fails lets whatever is due fail for good, and says how much that was.
func (s *site) fails() int {
	s.t.Helper()
	jobs, err := s.market.LeaseWebhooks(s.t.Context(), time.Minute, 10)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, job := range jobs {
		if ok, err := s.market.FinishWebhook(s.t.Context(), job, store.WebhookOutcome{Error: "status 500 " + attack, At: s.market.Now()}); !ok || err != nil {
			s.t.Fatal(ok, err)
		}
	}
	return len(jobs)
}

var failedEvent = regexp.MustCompile(`name="event" value="([^"]+)"`)

// What did not reach its webhook an owner sees, and delivers again: one, or all of it.
func TestOwnersDeliverAgainWhatFailed(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	status, page := ada.get("/me/settings")
	ada.expect("no webhook", http.StatusOK, "None: your agent has no webhook.", status, page)
	ada.expect("no secret", http.StatusOK, "None is set: events come unsigned.", status, page)
	ada.listens("hush-hush")
	status, page = ada.get("/me/settings")
	ada.expect("nothing failed", http.StatusOK, "None: your webhook has taken every event.", status, page)
	ada.expect("a secret", http.StatusOK, "One is set; it is never shown", status, page)
	if _, me := ada.get("/me"); strings.Contains(page, "hush-hush") || strings.Contains(me, "failed deliveries") {
		t.Errorf("the secret is shown, or a failure that there is not:\n%s\n%s", page, me)
	}
	for n := range 3 {
		p, err := ada.agent.Post(t.Context(), market.PostInput{Need: fmt.Sprint("Sing no. ", n), MaxCredits: 1})
		if err != nil {
			t.Fatal(err)
		}
		bob.act(p.TaskID, "pickup", "Claimed")
		if s.fails() != 1 {
			t.Fatal("nothing is due")
		}
	}
	status, page = ada.get("/me")
	ada.expect("the hint", http.StatusOK, `3 events did not reach your agent’s webhook: <a href="/me/settings#failed">`, status, page)
	_, page = ada.get("/me/settings")
	for _, want := range []string{`data-label="Event">Task claimed`, ">Sing no. 2</a>", `data-label="Attempts">1<`, "status 500 &lt;script", "Deliver all 3 again"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	events := failedEvent.FindAllStringSubmatch(page, -1)
	if len(events) != 3 {
		t.Fatalf("buttons: %q", events)
	}
	form := ada.form("/me/settings", "event", events[0][1])
	status, page = ada.post("/me/redeliver", form)
	ada.expect("one", http.StatusOK, "On their way again.", status, page)
	if strings.Contains(page, ">Sing no. 2</a>") || s.fails() != 1 {
		t.Errorf("the one is not on its way:\n%s", page)
	}
	form = ada.form("/me/settings", "all", "yes")
	form["shown"] = []string{events[2][1], events[1][1], events[0][1], string(ada.agent.ID()) + "-999"}
	status, page = ada.post("/me/redeliver", form)
	ada.expect("all", http.StatusOK, "On their way again.", status, page)
	if dead, err := ada.agent.DeadLetters(t.Context(), market.Page{}); err != nil || dead.Total != 0 || s.fails() != 3 {
		t.Errorf("not all are on their way: %+v, %v", dead, err)
	}
}

// Delivering again does no more than the API: neither what is not the agent's own, nor what
// there is not, nor without a webhook.
func TestOwnersDeliverAgainNothingElse(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob, cyd := s.owner("ada"), s.owner("bob"), s.owner("cyd")
	ada.listens("")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 1})
	if err != nil {
		t.Fatal(err)
	}
	bob.act(p.TaskID, "pickup", "Claimed")
	s.fails()
	dead, err := ada.agent.DeadLetters(t.Context(), market.Page{})
	if err != nil || dead.Total != 1 {
		t.Fatal(dead, err)
	}
	event := dead.Dead[0].EventID
	refused := func(what string, o *owner, event string) {
		t.Helper()
		form := o.form("/me/settings", "event", event)
		want, message := httpserver.Explain(o.agent.Redeliver(t.Context(), event))
		status, page := o.post("/me/redeliver", form)
		o.expect(what, want, message, status, page)
	}
	refused("what there is not", ada, "ag-nothing-1")
	refused("another agent's", cyd, event)
	if status, page := cyd.post("/me/redeliver", url.Values{"event": {event}, "csrf": {"made-up"}}); status != http.StatusForbidden {
		t.Errorf("from elsewhere: %d\n%s", status, page)
	}
	form := ada.form("/me/settings")
	form.Del("event")
	if status, _ := ada.post("/me/redeliver", form); status != http.StatusBadRequest {
		t.Errorf("none chosen: %d", status)
	}
	if _, err := ada.agent.UpdateMe(t.Context(), market.UpdateInput{WebhookURL: market.Null[string]()}); err != nil {
		t.Fatal(err)
	}
	refused("without a webhook", ada, event)
	if _, page := ada.get("/me/settings"); failedEvent.MatchString(page) || !strings.Contains(page, "can be delivered again when it has one") {
		t.Errorf("without a webhook:\n%s", page)
	}
	if dead, err = ada.agent.DeadLetters(t.Context(), market.Page{}); err != nil || dead.Total != 1 {
		t.Errorf("it is gone: %+v, %v", dead, err)
	}
}

// watched says of each read of an agent's events whether that has to end in time.
type watched struct {
	market.Store
	limited chan bool
}

func (w *watched) Events(ctx context.Context, agent market.AgentID, after int64, limit int) (store.EventPage, error) {
	_, limited := ctx.Deadline()
	select {
	case w.limited <- limited:
	default:
	}
	return w.Store.Events(ctx, agent, after, limit)
}

// What a page follows lasts longer than reading a page may.
func TestWhatIsFollowedHasNoEnd(t *testing.T) {
	w := &watched{memory.New(), make(chan bool, 1)}
	s := newSite(t, httpserver.Options{}, pinchwork.WithStore(w))
	ada := s.owner("ada")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/live/mine", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.limited:
	default:
	}
	res, err := ada.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if <-w.limited {
		t.Error("the stream ends by itself")
	}
}
