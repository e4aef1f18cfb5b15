package markettest

import (
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// Advance moves time on by d and lets everything happen that falls due on the
// way, each timer while the clock shows the instant at which it is due, in
// order: chained timers too. Every waiting After of the clock fires likewise. It does
// so whether Market.Run runs or not; Run sleeps between the timers and costs no time. With
// Run and Webhooks, each delivery has come to the Inbox before time moves on.
// To move time without the timers, as a late sweep would have it, use
// Clock.Advance.
func (k *Kit) Advance(d time.Duration) {
	k.Helper()
	k.Until(k.Clock.Now().Add(d))
}

// Until is Advance to an instant.
func (k *Kit) Until(to time.Time) {
	k.Helper()
	for {
		next := k.nextDue(to)
		if next.IsZero() {
			break
		}
		if next.After(k.Clock.Now()) {
			k.Clock.Set(next)
		}
		k.sweep()
		k.delivered()
	}
	k.Clock.Set(to)
	k.delivered()
	k.stepped()
}

// Sweep settles what is due now and returns the number of steps taken.
func (k *Kit) Sweep() int {
	k.Helper()
	n := k.sweep()
	k.stepped()
	return n
}

func (k *Kit) sweep() int {
	k.Helper()
	n, err := k.Market.Sweep(k.Ctx)
	for tries := 1; err != nil && k.settings.faults != nil && tries < 100; tries++ {
		var more int
		more, err = k.Market.Sweep(k.Ctx)
		n += more
	}
	k.must(err, "sweeping")
	return n
}

func (k *Kit) agenda(now time.Time) store.Agenda {
	k.Helper()
	agenda, err := k.Store.Due(k.Ctx, now, 1)
	k.must(err, "asking what is due")
	return agenda
}

// nextDue returns the first instant up to to at which something happens: a
// task's timer, a delivery if anybody makes it, or a waiting After while there are such.
func (k *Kit) nextDue(to time.Time) time.Time {
	k.Helper()
	agenda, due := k.agenda(to), time.Time{}
	if len(agenda.Tasks) > 0 {
		due = k.Stored(agenda.Tasks[0]).NextDue
	}
	hook := agenda.NextWebhook
	if k.delivers() && !hook.IsZero() && !hook.After(to) && (due.IsZero() || hook.Before(due)) {
		due = hook
	}
	if due.IsZero() {
		return due
	}
	if after := k.Clock.next(); !after.IsZero() && after.Before(due) {
		return after
	}
	return due
}

// Stored returns a task as the store holds it, with more than any agent is
// shown. It must not be changed.
func (k *Kit) Stored(id market.TaskID) *store.Task {
	k.Helper()
	tasks, err := k.Store.Tasks(k.Ctx, []market.TaskID{id})
	k.must(err, "reading task %s", id)
	if len(tasks) == 0 {
		k.Fatalf("the store has no task %s", id)
	}
	return tasks[0].Task
}
