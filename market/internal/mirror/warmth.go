package mirror

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// warmth says whether a mirror is complete. It is cold at first, and again while
// it is reloaded. A cold mirror may not answer, since what it lacks would look
// as if it did not exist.
type warmth struct {
	warm atomic.Bool
	// loads counts the times that the mirror was emptied.
	loads atomic.Int64
	mu    sync.Mutex
	// warmed is closed when the mirror is warm.
	warmed chan struct{}
}

func newWarmth() *warmth { return &warmth{warmed: make(chan struct{})} }

func (w *warmth) cool() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loads.Add(1)
	if w.warm.Load() {
		w.warmed = make(chan struct{})
		w.warm.Store(false)
	}
}

func (w *warmth) heat() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.warm.Swap(true) {
		close(w.warmed)
	}
}

// warmingPatience is how long a call waits for a cold board, in real time,
// before it goes on without the board.
const warmingPatience = time.Second

// await waits a little for somebody to load a cold mirror; ErrWarming when that
// takes longer.
func (w *warmth) await(ctx context.Context) error {
	w.mu.Lock()
	warmed := w.warmed
	w.mu.Unlock()
	timer := time.NewTimer(warmingPatience)
	defer timer.Stop()
	select {
	case <-warmed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return Warming()
	}
}

// ErrWarming is the cause by which warming errors are recognised.
var ErrWarming = errors.New("the board of open tasks is still loading")

// Warming is the refusal of a mirror that is not complete yet.
func Warming() *rules.Error {
	err := rules.Refuse(rules.CodeWarming, "warming: the board of open tasks is still loading")
	err.RetryAfter, err.Cause = 2*time.Second, ErrWarming
	return err
}

// Consult asks the mirror something, and asks again when it was emptied
// meanwhile. ErrWarming when it cannot answer.
func (m *Mirror) Consult(ctx context.Context, ask func()) error {
	for {
		if err := m.Fresh(ctx); err != nil {
			return err
		}
		loads := m.loads.Load()
		if !m.warm.Load() {
			continue
		}
		if ask(); loads == m.loads.Load() {
			return nil
		}
	}
}

// Loads counts the times that the mirror was emptied: if the number has changed,
// the mirror has been reloaded.
func (m *Mirror) Loads() int64 { return m.loads.Load() }
