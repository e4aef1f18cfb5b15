package httpserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pinchwork/pinchwork/market"
)

const instrumentation = "github.com/pinchwork/pinchwork/httpserver"

// telemetry measures requests and open streams. Attributes are methods, route
// patterns and statuses: what a client makes up, ids included, is never one.
// A nil telemetry is off.
type telemetry struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	streams  metric.Int64UpDownCounter
}

// durations are the bucket bounds in seconds: OpenTelemetry's own are meant
// for milliseconds. The last ones are for requests that wait for a delivery.
var durations = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 300}

func newTelemetry(t market.Telemetry) (*telemetry, error) {
	if t.MeterProvider == nil && t.TracerProvider == nil {
		return nil, nil //nolint:nilnil // off
	}
	if t.MeterProvider == nil {
		t.MeterProvider = metricnoop.NewMeterProvider()
	}
	if t.TracerProvider == nil {
		t.TracerProvider = tracenoop.NewTracerProvider()
	}
	in := t.MeterProvider.Meter(instrumentation)
	duration, durationErr := in.Float64Histogram("pinchwork.http.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP requests by method, route and status; event streams that opened are left out"),
		metric.WithExplicitBucketBoundaries(durations...))
	streams, streamsErr := in.Int64UpDownCounter("pinchwork.http.streams",
		metric.WithDescription("Event streams that are open"))
	return &telemetry{t.TracerProvider.Tracer(instrumentation), duration, streams}, errors.Join(durationErr, streamsErr)
}

// begin puts a span around the call, below whatever span the request has.
func (t *telemetry) begin(c *call) {
	if t == nil {
		return
	}
	c.ctx, c.span = t.tracer.Start(c.ctx, "pinchwork.http", trace.WithSpanKind(trace.SpanKindServer))
	c.request = c.request.WithContext(c.ctx)
}

// end records how the call ended.
func (t *telemetry) end(c *call, status int) {
	if t == nil {
		return
	}
	attributes := []attribute.KeyValue{
		attribute.String("http.request.method", method(c.request)),
		attribute.String("http.route", c.pattern()),
		attribute.Int("http.response.status_code", status),
	}
	c.span.SetName(method(c.request) + " " + c.pattern())
	c.span.SetAttributes(attributes...)
	c.span.SetAttributes(attribute.String("pinchwork.request_id", c.id))
	if status >= http.StatusInternalServerError {
		c.span.SetStatus(codes.Error, http.StatusText(status))
	}
	c.span.End()
	if c.streamed() && status == http.StatusOK {
		return // its life says nothing about the server
	}
	t.duration.Record(c.request.Context(), time.Since(c.started).Seconds(), metric.WithAttributes(attributes...))
}

// streamed reports whether the answer was a stream, of events of a door or a page.
func (c *call) streamed() bool {
	return c.route != nil && c.route.Stream || c.Header().Get("Content-Type") == "text/event-stream"
}

// streaming counts an open stream until the function that it returns is called.
func (t *telemetry) streaming(ctx context.Context) (done func()) {
	if t == nil {
		return func() {}
	}
	t.streams.Add(ctx, 1)
	return func() { t.streams.Add(ctx, -1) }
}
