package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Visible refuses everything about a task to those who may not know of it:
// strangers see a task while it is posted, unless it is offered to others alone,
// system tasks never (rules 4.15, 4.27 and 7.2).
func Visible(now time.Time, l *store.Loaded) error {
	t := l.Task
	if t != nil && t.IsParty(l.Caller.ID) {
		return nil
	}
	if t == nil || t.System != nil || t.Status != store.StatusPosted || !Offered(now, t, l.Caller.ID) {
		return NotFound()
	}
	return nil
}

// Ordinary guards what every agent may read about an ordinary task in any
// state, which of a direct hire only those may whom it is offered to.
func Ordinary(now time.Time, l *store.Loaded) error {
	if t := l.Task; t == nil || t.System != nil || !t.IsParty(l.Caller.ID) && !Offered(now, t, l.Caller.ID) {
		return NotFound()
	}
	return nil
}

// NotFound is the refusal both for a task that does not exist and for one that the
// caller may not know of, so that the two cannot be told apart.
func NotFound() *Error { return Refuse(CodeNotFound, "Task not found") }

// unlapsed refuses a worker whose claim has ended: it is told when and why,
// whatever has become of the task since. System tasks are exempt: the role
// loaded with one is the role on its parent, so its lapse is about another
// claim.
func unlapsed(l *store.Loaded) error {
	t := l.Task
	if t == nil || t.System != nil || l.Lapse == nil || l.Role != store.RoleWorker || t.Worker() == l.Caller.ID {
		return nil
	}
	return Refuse(CodeClaimLapsed, "Your claim on this task ended at %s: %s", store.NewTime(l.Lapse.At), l.Lapse.Why)
}

// posterOnly and WorkerOnly also refuse those who see the task but have the
// wrong role.
func posterOnly(now time.Time, l *store.Loaded, what string) error {
	if err := Visible(now, l); err != nil {
		return err
	}
	if l.Task.Poster != l.Caller.ID {
		return Refuse(CodeForbidden, "Only the poster can %s", what)
	}
	return nil
}

// WorkerOnly refuses everybody but the worker of the loaded task; what names the
// action that is the worker's alone.
func WorkerOnly(now time.Time, l *store.Loaded, what string) error {
	if err := unlapsed(l); err != nil {
		return err
	}
	if err := Visible(now, l); err != nil {
		return err
	}
	if l.Task.Worker() != l.Caller.ID {
		if l.Task.Status == store.StatusPosted && l.Task.Poster != l.Caller.ID {
			return Refuse(CodeForbidden, "Only the worker can %s; the task is posted, pick it up first", what)
		}
		return Refuse(CodeForbidden, "Only the worker can %s", what)
	}
	return nil
}

// PartyOnly refuses everybody but the poster and the worker of the loaded task.
func PartyOnly(now time.Time, l *store.Loaded, what string) error {
	if err := unlapsed(l); err != nil {
		return err
	}
	if err := Visible(now, l); err != nil {
		return err
	}
	if !l.Task.IsParty(l.Caller.ID) {
		if l.Task.Status == store.StatusPosted {
			return Refuse(CodeForbidden, "Only the poster and the worker can %s; the task is posted, ask a question about it", what)
		}
		return Refuse(CodeForbidden, "Only the poster and the worker can %s", what)
	}
	return nil
}
