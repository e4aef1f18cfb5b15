package market_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// What the host's meter provider gets to see: operations by name and outcome,
// claims, lost races, how late timers are; never an id or a text.
func TestTelemetry(t *testing.T) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	k := markettest.New(t, markettest.With(pinchwork.WithTelemetry(market.Telemetry{MeterProvider: provider})))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("SECRET need", markettest.Budget(1))
	bob.Claim(id)
	_, err := bob.API.PickupTask(k.Ctx, id)
	markettest.Refused(t, err, market.ErrConflict)
	bob.Deliver(id, "SECRET result")
	k.Clock.Advance(25 * time.Hour)
	k.Sweep()

	var got metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &got); err != nil {
		t.Fatal(err)
	}
	operations, claims, lag := map[string]uint64{}, int64(0), 0.0
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					if m.Name == "pinchwork.timer.lag" {
						lag = p.Sum
						continue
					}
					name, _ := p.Attributes.Value("operation")
					outcome, _ := p.Attributes.Value("outcome")
					operations[name.AsString()+" "+outcome.AsString()] += p.Count
					for _, kv := range p.Attributes.ToSlice() {
						if kv.Key != "operation" && kv.Key != attribute.Key("outcome") {
							t.Errorf("%s has the attribute %s", m.Name, kv.Key)
						}
					}
				}
			case metricdata.Sum[int64]:
				if m.Name == "pinchwork.claims" {
					claims = data.DataPoints[0].Value
				}
			}
		}
	}
	for name, want := range map[string]uint64{"register ok": 2, "post ok": 1, "pickup ok": 1, "pickup conflict": 1, "deliver ok": 1} {
		if operations[name] != want {
			t.Errorf("%d of %q in %v", operations[name], name, operations)
		}
	}
	if claims != 1 || lag != 3600 {
		t.Errorf("%d claims, timers %v s late", claims, lag)
	}
}

// A span says how its operation ended, and which refusal it was.
func TestSpansHaveTheirOutcome(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	k := markettest.New(t, markettest.With(pinchwork.WithTelemetry(market.Telemetry{TracerProvider: provider})))
	ada := k.Agent("ada")
	_, err := ada.API.PickupTask(k.Ctx, ada.Post("task", markettest.Budget(1)))
	markettest.Refused(t, err, market.ErrConflict)
	ended := map[string]map[string]string{}
	for _, span := range spans.Ended() {
		said := map[string]string{}
		for _, kv := range span.Attributes() {
			said[string(kv.Key)] = kv.Value.AsString()
		}
		ended[span.Name()] = said
	}
	if got := ended["pinchwork.post"]; got["pinchwork.outcome"] != "ok" || got["pinchwork.code"] != "" {
		t.Errorf("the span of the post says %v", got)
	}
	if got := ended["pinchwork.pickup"]; got["pinchwork.outcome"] != "conflict" || got["pinchwork.code"] != "own_task" {
		t.Errorf("the span of the pickup says %v in %v", got, ended)
	}
}
