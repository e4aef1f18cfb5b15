package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// maxTogether bounds how many writes travel together, and with it how long the first
// of them waits for the last.
const maxTogether = 128

// writer has the one connection that writes. Writes that arrive while others are
// being made durable travel together: one transaction, one wait for the disk, each of
// them refused or done on its own. Nobody waits for company. Its goroutine runs while
// there is something to write, and not after close.
type writer struct {
	conn *conn
	// durable is false for a file whose commits never wait for the disk; level is how
	// the connection waits now, "" when that is not known.
	durable bool
	level   string
	// turn is held by whoever writes in this process: the writer, or a host in Transact.
	turn chan struct{}

	mu      sync.Mutex
	waiting []*ticket
	running bool
	closed  bool
	idle    sync.Cond
}

func newWriter(c *conn, durable bool) *writer {
	w := &writer{conn: c, durable: durable, turn: make(chan struct{}, 1)}
	w.idle.L = &w.mu
	return w
}

// ticket is a write on its way. do may be run twice, the second time after all that
// it did was undone. What it brings back belongs to the ticket until it is done.
type ticket struct {
	do   func(w *writing) error
	done chan error
	// brief says that nothing is lost when a crash of the machine forgets it.
	brief bool
	// left says that the caller waits no longer: what has not begun does not begin.
	left atomic.Bool
}

// write runs do in company, and returns when it is durable, refused or has failed.
// When the caller does not want to wait any longer nobody knows what becomes of it,
// unless it has not begun: then it never does.
func (w *writer) write(ctx context.Context, t *ticket) error {
	w.send(t)
	return w.await(ctx, t)
}

func (w *writer) send(ts ...*ticket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range ts {
		t.done = make(chan error, 1)
		if w.closed {
			t.done <- ErrClosed
			continue
		}
		w.waiting = append(w.waiting, t)
	}
	if !w.running && len(w.waiting) > 0 {
		w.running = true
		go w.work()
	}
}

func (w *writer) await(ctx context.Context, t *ticket) error {
	select {
	case err := <-t.done:
		return err
	default:
	}
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		w.withdraw(t)
		return ctx.Err()
	}
}

func (w *writer) withdraw(t *ticket) {
	t.left.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.waiting, t); i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
}

// work writes batch after batch. The turn comes before the batch: who arrives while a
// host has it travels too.
func (w *writer) work() {
	for w.batch() {
	}
}

func (w *writer) batch() bool {
	w.turn <- struct{}{}
	batch := w.next()
	errs := w.together(batch)
	<-w.turn
	for i, t := range batch {
		t.done <- errs[i]
	}
	return batch != nil
}

// next takes those who wait, and ends the work when nobody does.
func (w *writer) next() []*ticket {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), maxTogether)
	if n == 0 {
		w.running = false
		w.idle.Broadcast()
		return nil
	}
	batch := slices.Clone(w.waiting[:n])
	w.waiting = slices.Delete(w.waiting, 0, n)
	return batch
}

// together writes a batch in one transaction. When something fails that is no refusal,
// all is undone and each goes alone.
func (w *writer) together(batch []*ticket) []error {
	errs := make([]error, len(batch))
	if len(batch) == 0 {
		return nil
	}
	err := w.transaction(batch, errs)
	switch {
	case err == nil:
	case len(batch) == 1:
		errs[0] = err
	case errors.Is(err, errBegin):
		for i := range errs {
			errs[i] = err
		}
	default:
		for i, t := range batch {
			if alone := w.transaction([]*ticket{t}, errs[i:i+1]); alone != nil {
				errs[i] = alone
			}
		}
	}
	return errs
}

// errBegin marks what failed before anything was written: it fails for all alike.
var errBegin = errors.New("the file could not be taken for writing")

// transaction returns what failed, and in errs what was refused.
func (w *writer) transaction(batch []*ticket, errs []error) error {
	level := "full"
	if !slices.ContainsFunc(batch, func(t *ticket) bool { return !t.brief }) {
		// The next commit that waits for the disk makes it durable too.
		level = "normal"
	}
	if err := w.wait(level); err != nil {
		return errors.Join(errBegin, err)
	}
	if err := w.conn.run("begin immediate"); err != nil {
		return errors.Join(errBegin, err)
	}
	return w.conn.end(fill(newWriting(w.conn), batch, errs))
}

// wait settles how commits wait for the disk from now on.
func (w *writer) wait(level string) error {
	if !w.durable || w.level == level {
		return nil
	}
	w.level = ""
	answer := map[string]string{"full": "2", "normal": "1"}[level]
	if err := w.conn.set(setting{"synchronous", level, answer}); err != nil {
		return err
	}
	w.level = level
	return nil
}

// fill does what a batch wants. It stops at what is no refusal.
func fill(w *writing, batch []*ticket, errs []error) error {
	for i, t := range batch {
		if t.left.Load() {
			continue
		}
		errs[i] = nil
		if err := t.do(w); refused(err) {
			errs[i] = err
		} else if err != nil {
			return err
		}
	}
	return w.flush()
}

// close waits until everything is written that was sent.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	for w.running {
		w.idle.Wait()
	}
	w.mu.Unlock()
	return w.conn.close()
}
