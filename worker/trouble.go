package worker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// trouble is a way to the marketplace that may fail for a while. That it fails is told
// once, and once that it works again.
type trouble struct {
	mu    sync.Mutex
	since time.Time // zero while it works
}

// lasts reports whether the way does not work.
func (t *trouble) lasts() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.since.IsZero()
}

// begins reports whether the way worked until now.
func (t *trouble) begins() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.since.IsZero() {
		return false
	}
	t.since = time.Now()
	return true
}

// ends is how long the way did not work, 0 when it did.
func (t *trouble) ends() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() {
		return 0
	}
	took := max(time.Since(t.since), time.Nanosecond)
	t.since = time.Time{}
	return took
}

// away tells of a failure of a call that is tried again, unless one was told of already.
func (w *run) away(err error) {
	if !w.calls.begins() {
		return
	}
	text := fmt.Sprintf("the marketplace does not answer: %v; trying again until it does", err)
	if after := demanded(err); after > 0 {
		text = fmt.Sprintf("the marketplace asks to wait: %v; asking again after %v", err, after)
	}
	w.tell(Event{Kind: Away, Text: text, Err: err})
}

// back tells that a call was answered, after failures.
func (w *run) back() {
	if took := w.calls.ends(); took > 0 {
		w.tell(Event{Kind: Back, Text: fmt.Sprintf("the marketplace answers again, after %v", took.Round(time.Second))})
	}
}

// demanded is the pause that a refusal asks for, 0 for none.
func demanded(err error) time.Duration {
	var refused *market.Error
	if errors.As(err, &refused) {
		return refused.RetryAfter
	}
	return 0
}
