package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
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
	// durable is false for a file whose commits never wait for the disk.
	durable bool
	// turn is held by whoever writes in this process: the writer, or a host in Transact.
	turn sync.Mutex

	mu      sync.Mutex
	waiting []*ticket
	running bool
	closed  bool
	idle    sync.Cond
}

func newWriter(c *conn, durable bool) *writer {
	w := &writer{conn: c, durable: durable}
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
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.waiting, t); i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
}

func (w *writer) work() {
	for batch := w.next(); batch != nil; batch = w.next() {
		w.turn.Lock()
		errs := w.together(batch)
		w.turn.Unlock()
		for i, t := range batch {
			t.done <- errs[i]
		}
	}
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
	if w.durable && !slices.ContainsFunc(batch, func(t *ticket) bool { return !t.brief }) {
		return w.briefly(batch, errs)
	}
	return w.begun(batch, errs)
}

// briefly writes what need not be durable at once: the next commit makes it so.
func (w *writer) briefly(batch []*ticket, errs []error) error {
	if err := w.conn.set(setting{"synchronous", "normal", "1"}); err != nil {
		return err
	}
	err := w.begun(batch, errs)
	return errors.Join(err, w.conn.set(setting{"synchronous", "full", "2"}))
}

func (w *writer) begun(batch []*ticket, errs []error) error {
	if err := w.conn.run("begin immediate"); err != nil {
		return errors.Join(errBegin, err)
	}
	return w.conn.end(fill(newWriting(w.conn), batch, errs))
}

// fill does what a batch wants. It stops at what is no refusal.
func fill(w *writing, batch []*ticket, errs []error) error {
	for i, t := range batch {
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
