package notify

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// The outcomes of an attempt, as the metrics and the log name them.
const (
	outcomeDelivered = "delivered"
	outcomeRetry     = "retry"
	outcomeDead      = "dead"
)

// observer counts and times attempts.
type observer struct {
	attempts metric.Int64Counter
	duration metric.Float64Histogram
}

func newObserver(provider metric.MeterProvider) observer {
	if provider == nil {
		provider = noop.NewMeterProvider()
	}
	meter := provider.Meter("github.com/pinchwork/pinchwork/notify")
	attempts, err := meter.Int64Counter("pinchwork.webhook.attempts",
		metric.WithDescription("Attempts to deliver a webhook, by outcome"))
	if err != nil {
		attempts = noop.Int64Counter{}
	}
	duration, err := meter.Float64Histogram("pinchwork.webhook.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of attempts to deliver a webhook, by outcome"),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30))
	if err != nil {
		duration = noop.Float64Histogram{}
	}
	o := observer{attempts: attempts, duration: duration}
	_ = contained(o.begin) // a counter that panics does so again when it is used, and is logged
	return o
}

// begin makes the counters begin at 0: the increase of one that appears with its first
// event cannot be seen.
func (o observer) begin() error {
	for _, outcome := range []string{outcomeDelivered, outcomeRetry, outcomeDead} {
		o.attempts.Add(context.Background(), 0, by(outcome))
	}
	return nil
}

func (o observer) attempt(ctx context.Context, outcome string, took time.Duration) {
	o.attempts.Add(ctx, 1, by(outcome))
	o.duration.Record(ctx, took.Seconds(), by(outcome))
}

func by(outcome string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("outcome", outcome))
}
