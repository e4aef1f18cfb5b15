package notify

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// live runs a market on the real clock with a hub and webhooks.
func live(t *testing.T, hub market.Notifier, background ...market.Background) *market.Market {
	t.Helper()
	policy := market.DefaultPolicy()
	policy.PrivateWebhooks = true
	m, err := market.New(market.Config{Store: memory.New(), Notifier: hub, Background: background, Policy: &policy})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := m.Run(ctx); err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return m
}

func register(t *testing.T, m *market.Market, in market.RegisterInput) market.AgentID {
	t.Helper()
	got, err := m.Register(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return got.AgentID
}

// A delivery reaches the poster's webhook through a running market, signed.
func TestMarketCallsWebhooks(t *testing.T) {
	hub := NewHub()
	hooks := NewWebhooks(private)
	hooks.Follow(hub)
	m := live(t, hub, hooks)
	r := newReceiver(t, nil)
	poster := register(t, m, market.RegisterInput{Name: "poster", WebhookURL: r.URL, WebhookSecret: "s3"})
	worker := register(t, m, market.RegisterInput{Name: "worker"})

	task, err := m.As(poster).Post(t.Context(), market.PostInput{Need: "Review this code", MaxCredits: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.As(worker).PickupTask(t.Context(), task.TaskID); err != nil {
		t.Fatal(err)
	}
	if _, err := m.As(worker).Deliver(t.Context(), task.TaskID, market.DeliverInput{Result: "Fine"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "two events arrive", func() bool { return r.count() == 2 })
	seen := map[string]string{}
	for _, got := range r.all() {
		if !VerifySignature("s3", got.body, got.header.Get(HeaderSignature)) {
			t.Errorf("bad signature %q", got.header.Get(HeaderSignature))
		}
		var body struct {
			Event  string `json:"event"`
			TaskID string `json:"task_id"`
		}
		if err := json.Unmarshal(got.body, &body); err != nil {
			t.Fatal(err)
		}
		seen[body.Event] = body.TaskID
	}
	if seen["task_claimed"] != string(task.TaskID) || seen["task_delivered"] != string(task.TaskID) {
		t.Errorf("events %v, want the claim and the delivery of %s", seen, task.TaskID)
	}
}

// Two hubs over a relay serve two markets on one store.
func TestMarketsWakeEachOther(t *testing.T) {
	b := newBus(t)
	here, there := NewRelayedHub(b), NewRelayedHub(b)
	kept := memory.New()
	markets := make([]*market.Market, 2)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer func() { cancel(); running.Wait() }()
	for i, hub := range []*RelayedHub{here, there} {
		m, err := market.New(market.Config{Store: kept, Notifier: hub, Background: []market.Background{hub}})
		if err != nil {
			t.Fatal(err)
		}
		markets[i] = m
		running.Go(func() { _ = m.Run(ctx) })
	}
	poster := register(t, markets[0], market.RegisterInput{Name: "poster"})
	worker := register(t, markets[1], market.RegisterInput{Name: "worker"})
	task, err := markets[0].As(poster).Post(t.Context(), market.PostInput{Need: "Review this code"})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := markets[0].As(poster).Stream(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := markets[1].As(worker).PickupTask(t.Context(), task.TaskID); err != nil {
		t.Fatal(err)
	}
	events, err := stream.Next(t.Context())
	if err != nil || len(events) != 1 || events[0].Type != store.EventTaskClaimed {
		t.Errorf("the poster's stream elsewhere got %+v, %v, want the claim", events, err)
	}
}

func TestWebhookAttemptsAreMeasured(t *testing.T) {
	reader := sdk.NewManualReader()
	w, r := newWorld(t), newReceiver(t, status(http.StatusTeapot))
	w.agent("ag-1", r.URL, "")
	w.deliver(WebhookOptions{
		AllowPrivate: true, MaxRetries: new(0), MeterProvider: sdk.NewMeterProvider(sdk.WithReader(reader)),
	})
	w.tell("ag-1", 3)
	eventually(t, "attempts", func() bool { return len(w.finished()) == 3 })
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	points := got.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]).DataPoints
	counted := map[string]int64{}
	for _, point := range points {
		outcome, _ := point.Attributes.Value(attribute.Key("outcome"))
		counted[outcome.AsString()] = point.Value
	}
	if want := map[string]int64{outcomeDead: 3, outcomeRetry: 0, outcomeDelivered: 0}; !maps.Equal(counted, want) {
		t.Errorf("counted %v, want %v", counted, want)
	}
	times := got.ScopeMetrics[0].Metrics[1].Data.(metricdata.Histogram[float64]).DataPoints
	if len(times) != 1 || times[0].Count != 3 {
		t.Errorf("timed %+v, want 3", times)
	}
}
