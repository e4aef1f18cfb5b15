package market

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pinchwork/pinchwork/store"
)

// Telemetry takes the OpenTelemetry providers of the host program. A nil
// provider switches its signal off. Instruments are named pinchwork.*;
// attributes never hold keys, texts or identifiers of agents.
type Telemetry struct {
	MeterProvider  metric.MeterProvider
	TracerProvider trace.TracerProvider
}

// durations are bucket bounds in seconds: OpenTelemetry's own are meant for
// milliseconds.
var durations = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 300}

const instrumentation = "github.com/pinchwork/pinchwork/market"

// meter holds the instruments of one Market.
type meter struct {
	tracer     trace.Tracer
	operations metric.Float64Histogram
	conflicts  metric.Int64Counter
	lag        metric.Float64Histogram
	claims     metric.Int64Counter
	open       metric.Int64Gauge
	moved      metric.Int64Counter
}

func newMeter(t Telemetry) (*meter, error) {
	if t.MeterProvider == nil {
		t.MeterProvider = metricnoop.NewMeterProvider()
	}
	if t.TracerProvider == nil {
		t.TracerProvider = tracenoop.NewTracerProvider()
	}
	in := t.MeterProvider.Meter(instrumentation)
	m := &meter{tracer: t.TracerProvider.Tracer(instrumentation)}
	var errs [6]error
	m.operations, errs[0] = in.Float64Histogram("pinchwork.operation.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of operations by name and outcome"),
		metric.WithExplicitBucketBoundaries(durations...))
	m.conflicts, errs[1] = in.Int64Counter("pinchwork.commit.conflicts",
		metric.WithDescription("Commits that lost a race, by guard"))
	m.lag, errs[2] = in.Float64Histogram("pinchwork.timer.lag",
		metric.WithUnit("s"), metric.WithDescription("Time from when a timer was due until it was settled"),
		metric.WithExplicitBucketBoundaries(durations...))
	m.claims, errs[3] = in.Int64Counter("pinchwork.claims",
		metric.WithDescription("Tasks claimed"))
	m.open, errs[4] = in.Int64Gauge("pinchwork.board.open",
		metric.WithDescription("Open tasks on this process's board"))
	m.moved, errs[5] = in.Int64Counter("pinchwork.credits.moved",
		metric.WithDescription("Credits that this process moved, by kind of ledger entry"))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	m.begin()
	return m, nil
}

// begin makes the counters begin at 0: the increase of one that appears with its first
// event cannot be seen.
func (m *meter) begin() {
	ctx := context.Background()
	m.claims.Add(ctx, 0)
	for _, guard := range store.Guards() {
		m.conflicts.Add(ctx, 0, byGuard(guard))
	}
	for _, kind := range store.EntryKinds() {
		m.moved.Add(ctx, 0, byKind(kind))
	}
}

func byGuard(guard store.Guard) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("guard", string(guard)))
}

func byKind(kind store.EntryKind) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("kind", string(kind)))
}

// operation starts a span, puts it into ctx, and returns the function that ends
// it.
func (m *meter) operation(ctx *context.Context, name string) func(error) {
	name, _, _ = strings.Cut(name, " ")
	start := time.Now()
	spanned, span := m.tracer.Start(*ctx, "pinchwork."+name)
	*ctx = spanned
	return func(err error) {
		outcome := outcomeName(err)
		span.SetAttributes(attribute.String("pinchwork.outcome", outcome))
		var refusal *Error
		if errors.As(err, &refusal) && refusal.Code != "" {
			span.SetAttributes(attribute.String("pinchwork.code", string(refusal.Code)))
		}
		if outcome == "unavailable" {
			span.SetStatus(codes.Error, outcome)
		}
		span.End()
		m.operations.Record(spanned, time.Since(start).Seconds(), metric.WithAttributes(
			attribute.String("operation", name), attribute.String("outcome", outcome)))
	}
}

// refused measures an operation that ends before it has begun, and returns why it did.
func (m *Market) refused(ctx context.Context, name string, err error) error {
	m.meter.operation(&ctx, name)(err)
	return err
}

func outcomeName(err error) string {
	var refusal *Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal):
		return refusal.Kind.Error()
	default:
		return "cancelled"
	}
}

func (m *meter) conflict(ctx context.Context, guard store.Guard) {
	m.conflicts.Add(ctx, 1, byGuard(guard))
}

func (m *meter) settled(ctx context.Context, lag time.Duration) { m.lag.Record(ctx, lag.Seconds()) }

func (m *meter) claimed(ctx context.Context, n int) { m.claims.Add(ctx, int64(n)) }

func (m *meter) boardSize(ctx context.Context, n int) { m.open.Record(ctx, int64(n)) }

// credits counts what a commit moved, fees included.
func (m *meter) credits(transfers []store.Transfer) {
	for i := range transfers {
		m.moved.Add(context.Background(), transfers[i].Amount, byKind(transfers[i].Kind))
	}
}
