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
type observer struct{ attempts metric.Float64Histogram }

func newObserver(provider metric.MeterProvider) observer {
	if provider == nil {
		provider = noop.NewMeterProvider()
	}
	meter := provider.Meter("github.com/pinchwork/pinchwork/notify")
	attempts, err := meter.Float64Histogram("pinchwork.webhook.attempts",
		metric.WithUnit("s"), metric.WithDescription("Attempts to deliver a webhook, by outcome"))
	if err != nil {
		attempts = noop.Float64Histogram{}
	}
	return observer{attempts: attempts}
}

func (o observer) attempt(ctx context.Context, outcome string, took time.Duration) {
	o.attempts.Record(ctx, took.Seconds(), metric.WithAttributes(attribute.String("outcome", outcome)))
}
