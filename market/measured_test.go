package market_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/memory"
)

// measured is a stage with a meter.
func measured(t *testing.T) (*stage, *sdk.ManualReader) {
	t.Helper()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	return newStage(t, markettest.With(pinchwork.WithTelemetry(market.Telemetry{MeterProvider: provider}))), reader
}

// counted is how many operations were measured, by their outcome.
func counted(t *testing.T, reader *sdk.ManualReader) map[string]uint64 {
	t.Helper()
	var got metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &got); err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			data, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || m.Name != "pinchwork.operation.duration" {
				continue
			}
			for _, p := range data.DataPoints {
				outcome, _ := p.Attributes.Value("outcome")
				counts[outcome.AsString()] += p.Count
			}
		}
	}
	return counts
}

func total(counts map[string]uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func TestEveryOperationIsMeasured(t *testing.T) {
	s, reader := measured(t)
	for name, operation := range s.operations() {
		before := total(counted(t, reader))
		operation(s.Ctx)
		if name != "Market.Policy" && total(counted(t, reader)) == before {
			t.Errorf("%s is not measured", name)
		}
	}
}

// What is refused before anything is loaded is measured too, and once.
func TestRefusedOperationsAreMeasured(t *testing.T) {
	s, reader := measured(t)
	m, ada, ctx := s.Market, s.ada.API, s.Ctx
	blank, far := " ", market.Page{Limit: 1_000_000}
	for name, refused := range map[string]func() error{
		"register": func() error { _, err := m.Register(ctx, market.RegisterInput{}); return err },
		"ensure":   func() error { _, err := m.Ensure(ctx, "", market.RegisterInput{}); return err },
		"log":      func() error { _, err := m.EventsPage(ctx, "lost", 0); return err },
		"follow": func() error {
			for _, err := range m.Events(ctx, "lost") {
				return err
			}
			return nil
		},
		"invite":           func() error { _, err := m.Invite(ctx, market.InviteInput{ValidFor: -1}); return err },
		"operator":         func() error { _, err := m.AddOperator(ctx, market.OperatorInput{}); return err },
		"actions":          func() error { _, err := m.Actions(ctx, market.ActionQuery{Page: far}); return err },
		"ledger of":        func() error { _, err := m.LedgerOf(ctx, s.ada.ID, far); return err },
		"settlement":       func() error { _, err := m.Settlement(ctx, s.open, market.ResolveTaskInput{}); return err },
		"foresee grant":    func() error { _, err := m.ForeseeGrant(ctx, market.GrantInput{}); return err },
		"foresee clawback": func() error { _, err := m.ForeseeClawBack(ctx, market.ClawBackInput{}); return err },
		"settle":           func() error { _, err := m.ResolveTask(ctx, s.open, market.ResolveTaskInput{}); return err },
		"redeliver of":     func() error { _, err := m.RedeliverOf(ctx, market.RedeliverInput{}); return err },
		"redeliver batch":  func() error { _, err := m.RedeliverBatch(ctx, market.RedeliverBatchInput{}); return err },
		"see dead":         func() error { _, err := m.SeeDead(ctx, market.SeeDeadInput{}); return err },
		"clawback":         func() error { _, err := m.ClawBack(ctx, market.ClawBackInput{}); return err },
		"all agents":       func() error { _, err := m.AllAgents(ctx, market.StandingQuery{Standing: "x"}); return err },
		"all tasks":        func() error { _, err := m.AllTasks(ctx, market.AllTasksQuery{Page: far}); return err },
		"grant":            func() error { _, err := m.Grant(ctx, market.GrantInput{}); return err },
		"resolve":          func() error { _, err := m.ResolveReport(ctx, s.report, market.ResolveInput{}); return err },
		"reports":          func() error { _, err := m.Reports(ctx, "lost", market.Page{}); return err },
		"search tasks":     func() error { _, err := m.SearchTasks(ctx, market.Filter{}, far); return err },
		"agents":           func() error { _, err := m.Agents(ctx, market.AgentQuery{Page: far}); return err },
		"agent":            func() error { _, err := m.Agent(ctx, ""); return err },
		"rotate":           func() error { _, err := ada.RotateKey(ctx, market.RotateInput{Overlap: -1}); return err },
		"post":             func() error { _, err := ada.Post(ctx, market.PostInput{}); return err },
		"browse":           func() error { _, err := ada.Browse(ctx, market.BrowseQuery{Page: far}); return err },
		"mine":             func() error { _, err := ada.Mine(ctx, market.MineQuery{Page: far}); return err },
		"pickup":           func() error { _, _, err := ada.Pickup(ctx, market.Filter{Wait: -1}); return err },
		"batch":            func() error { _, err := ada.PickupBatch(ctx, market.BatchInput{Count: -1}); return err },
		"deliver":          func() error { _, err := ada.Deliver(ctx, s.open, market.DeliverInput{}); return err },
		"reject":           func() error { _, err := ada.Reject(ctx, s.open, market.RejectInput{}); return err },
		"rate":             func() error { _, err := ada.Rate(ctx, s.open, market.RateInput{}); return err },
		"report":           func() error { _, err := ada.ReportTask(ctx, s.open, blank); return err },
		"ask":              func() error { _, err := ada.Ask(ctx, s.open, blank); return err },
		"answer":           func() error { _, err := ada.Answer(ctx, s.open, s.question, blank); return err },
		"message":          func() error { _, err := ada.SendMessage(ctx, s.open, blank); return err },
		"questions":        func() error { _, err := ada.Questions(ctx, s.open, far); return err },
		"messages":         func() error { _, err := ada.Messages(ctx, s.open, far); return err },
		"dead letters":     func() error { _, err := ada.DeadLetters(ctx, far); return err },
	} {
		before := counted(t, reader)
		if err := refused(); err == nil {
			t.Errorf("%s is not refused", name)
		}
		after := counted(t, reader)
		if total(after) != total(before)+1 || after["ok"] != before["ok"] {
			t.Errorf("%s: measured were %v, then %v", name, before, after)
		}
	}
}

// An operation that the store fails is measured as one, and its span says how it ended.
func TestOperationsThatFailAreMeasured(t *testing.T) {
	spans, reader := tracetest.NewSpanRecorder(), sdk.NewManualReader()
	gated := gatestore.New(memory.New())
	s := newStage(t, markettest.Store(gated), markettest.With(pinchwork.WithTelemetry(market.Telemetry{
		MeterProvider:  sdk.NewMeterProvider(sdk.WithReader(reader)),
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)),
	})))
	var away atomic.Bool
	t.Cleanup(func() { away.Store(false) })
	for method := range reflect.TypeFor[market.Store]().Methods() {
		gated.On(gatestore.Before, method.Name, -1, func(context.Context) error {
			if away.Load() {
				return errors.New("away")
			}
			return nil
		})
	}
	away.Store(true)
	defer away.Store(false)
	for name, operation := range s.operations() {
		if name == "Market.Policy" {
			continue
		}
		before, calls, ended := counted(t, reader), gated.Calls(""), len(spans.Ended())
		operation(s.Ctx)
		after := counted(t, reader)
		if total(after) == total(before) {
			t.Errorf("%s is not measured", name)
		}
		if asked := gated.Calls("") > calls; asked && after["ok"] != before["ok"] {
			t.Errorf("%s has failed and is measured as %v after %v", name, after, before)
		}
		for _, span := range spans.Ended()[ended:] {
			if !slices.ContainsFunc(span.Attributes(), func(kv attribute.KeyValue) bool { return kv.Key == "pinchwork.outcome" }) {
				t.Errorf("%s has a span %s without its outcome", name, span.Name())
			}
		}
		if len(spans.Ended()) == ended {
			t.Errorf("%s has no span", name)
		}
	}
}
