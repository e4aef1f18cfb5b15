package markettest

import (
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/notify"
)

// Inbox receives webhooks in the place of the agents' servers. No network is used, and
// no URL is looked up.
//
//	inbox := new(markettest.Inbox)
//	k := markettest.New(t, markettest.Webhooks(inbox))
//
// Deliveries are made while Market.Run runs. When Advance or Until returns, all that were
// due by then have come; otherwise poll Received with Eventually. Each is answered with
// 204. The zero Inbox is ready; all methods may be called by many goroutines.
type Inbox struct {
	mu       sync.Mutex
	received []Call
	deliveries
}

// Call is one request that an Inbox got.
type Call struct {
	URL string
	// Header has the signature and the names of the event (notify.HeaderEvent).
	Header http.Header
	Body   []byte
}

// Webhooks has the market deliver its webhooks into an Inbox; without it the kit
// delivers none.
func Webhooks(into *Inbox) Option {
	deliverer := notify.NewWebhooks(notify.WebhookOptions{Transport: into})
	wire := With(pinchwork.WithWebhooks(deliverer), pinchwork.WithBackground(attendance{into}))
	return func(o *settings) { o.inbox = into; wire(o) }
}

// Received returns what has come so far, the oldest first.
func (i *Inbox) Received() []Call {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.received)
}

// RoundTrip takes a request for http.RoundTripper.
func (i *Inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.received = append(i.received, Call{URL: r.URL.String(), Header: r.Header.Clone(), Body: body})
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}
