package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/pinchwork/pinchwork/market"
)

// observed is a server whose metrics and spans can be read.
type observed struct {
	*stub
	*Server
	t      *testing.T
	reader *sdk.ManualReader
	spans  *tracetest.SpanRecorder
}

func observe(t *testing.T) *observed {
	t.Helper()
	o := &observed{stub: &stub{}, t: t, reader: sdk.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	o.Server = o.server(t, Options{Telemetry: market.Telemetry{
		MeterProvider:  sdk.NewMeterProvider(sdk.WithReader(o.reader)),
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(o.spans)),
	}})
	return o
}

// metrics counts requests by "method status route"; streams is how many are open.
func (o *observed) metrics() (requests map[string]uint64, streams int64) {
	o.t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.reader.Collect(context.Background(), &all); err != nil {
		o.t.Fatal(err)
	}
	requests = map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					requests[labels(p.Attributes.ToSlice())] += p.Count
				}
			case metricdata.Sum[int64]:
				streams = data.DataPoints[0].Value
			}
		}
	}
	return requests, streams
}

// labels are the values in the order of the names: method, status, route.
func labels(attributes []attribute.KeyValue) string {
	var out []string
	for _, kv := range attributes {
		out = append(out, kv.Value.String())
	}
	return strings.Join(out, " ")
}

// Requests are measured by method, route pattern and status; nothing that a
// client made up becomes a label, so their number is bounded.
func TestRequestsAreMeasured(t *testing.T) {
	o := observe(t)
	o.cancel = func(market.TaskID) (market.Task, error) { return market.Task{}, nil }
	o.me = func(context.Context) (market.Me, error) { return market.Me{}, errors.New("boom") }
	for i := range 3 {
		ask(o, http.MethodPost, fmt.Sprintf("/v1/tasks/tk-secret%d/cancel?q=hidden", i), "")
	}
	ask(o, http.MethodGet, "/v1/me", "")
	ask(o, http.MethodGet, "/v1/me", "", "Authorization", "Bearer pwk-wrong")
	ask(o, http.MethodGet, "/v1/hidden", "")
	ask(o, "INVENTED", "/v1/me", "")
	got, _ := o.metrics()
	want := map[string]uint64{
		"POST 200 /v1/tasks/{id}/cancel": 3, "GET 500 /v1/me": 1, "GET 401 /v1/me": 1, "GET 404 none": 1, "other 405 none": 1,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("measured %v, want %v", got, want)
	}
}

// Each request has a span with its route, below the span of the host's own
// middleware; the market's spans are below it. Keys and texts are nowhere.
func TestRequestsHaveSpans(t *testing.T) {
	o := observe(t)
	var inner trace.SpanContext
	o.post = func(ctx context.Context, _ market.PostInput) (market.Posted, error) {
		inner = trace.SpanContextFromContext(ctx)
		return market.Posted{}, &market.Error{Kind: market.ErrUnavailable, Message: "away"}
	}
	outside, end := o.measure.tracer.Start(t.Context(), "host")
	r := httptest.NewRequestWithContext(outside, http.MethodPost, "/v1/tasks?x=hidden", strings.NewReader(`{"need": "hidden"}`))
	r.Header.Set("Authorization", "Bearer "+stubKey)
	r.Header.Set("X-Request-Id", "req-7")
	o.ServeHTTP(httptest.NewRecorder(), r)
	end.End()
	span := o.spans.Ended()[0]
	if span.Name() != "POST /v1/tasks" || span.SpanContext().SpanID() != inner.SpanID() || span.Parent().SpanID() != end.SpanContext().SpanID() {
		t.Errorf("span %s, parent %s", span.Name(), span.Parent().SpanID())
	}
	if span.Status().Description != "Service Unavailable" {
		t.Errorf("status %+v", span.Status())
	}
	all := fmt.Sprint(span.Attributes(), span.Events())
	if !strings.Contains(all, "req-7") || strings.Contains(all, "hidden") || strings.Contains(all, "pwk-") {
		t.Errorf("attributes %s", all)
	}
}

// waiting is a stream on which nothing happens.
type waiting struct{ followed chan struct{} }

func (w waiting) Next(ctx context.Context) ([]market.StreamEvent, error) {
	close(w.followed)
	<-ctx.Done()
	return nil, ctx.Err()
}
func (waiting) Position() string { return "1" }
func (waiting) Close()           {}

func TestOpenStreamsAreCounted(t *testing.T) {
	o := observe(t)
	from := waiting{make(chan struct{})}
	o.stub.open = func(context.Context, string) (source, error) { return from, nil }
	done := make(chan struct{})
	go func() { defer close(done); ask(o, http.MethodGet, "/v1/events", "") }()
	<-from.followed
	if _, open := o.metrics(); open != 1 {
		t.Errorf("%d streams are open, want 1", open)
	}
	o.Close()
	<-done
	requests, open := o.metrics()
	if open != 0 || len(requests) != 0 {
		t.Errorf("%d streams are open, requests %v", open, requests)
	}
}
