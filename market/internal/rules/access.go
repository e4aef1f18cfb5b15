package rules

import "github.com/pinchwork/pinchwork/store"

// Visible refuses everything about a task to those who may not know of it:
// strangers see a task while it is posted, system tasks never
// (rules 4.15 and 7.2).
func Visible(l *store.Loaded) error {
	t := l.Task
	if t == nil || !t.IsParty(l.Caller.ID) && (t.System != nil || t.Status != store.StatusPosted) {
		return NotFound()
	}
	return nil
}

// Ordinary is for what every agent may read of an ordinary task in any state.
func Ordinary(l *store.Loaded) error {
	if l.Task == nil || l.Task.System != nil {
		return NotFound()
	}
	return nil
}

// NotFound is said of a task that does not exist and of one that the caller may not
// know of: nobody learns which.
func NotFound() *Error { return Refuse(CodeNotFound, "Task not found") }

// unlapsed refuses a worker whose claim has ended: it is told when and why, also
// after somebody else has claimed the task, and whatever the task is now. Of a
// system task the role that is loaded is the one on its parent, whose claim is
// another matter.
func unlapsed(l *store.Loaded) error {
	t := l.Task
	if t == nil || t.System != nil || l.Lapse == nil || l.Role != store.RoleWorker || t.Worker() == l.Caller.ID {
		return nil
	}
	return Refuse(CodeClaimLapsed, "Your claim on this task ended at %s: %s", store.NewTime(l.Lapse.At), l.Lapse.Why)
}

// posterOnly and WorkerOnly also refuse those who see the task but have the
// wrong role.
func posterOnly(l *store.Loaded, what string) error {
	if err := Visible(l); err != nil {
		return err
	}
	if l.Task.Poster != l.Caller.ID {
		return Refuse(CodeForbidden, "Only the poster can %s", what)
	}
	return nil
}

// WorkerOnly refuses everybody but the worker of the loaded task; what says what only
// the worker can do.
func WorkerOnly(l *store.Loaded, what string) error {
	if err := unlapsed(l); err != nil {
		return err
	}
	if err := Visible(l); err != nil {
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
func PartyOnly(l *store.Loaded, what string) error {
	if err := unlapsed(l); err != nil {
		return err
	}
	if err := Visible(l); err != nil {
		return err
	}
	if !l.Task.IsParty(l.Caller.ID) {
		return Refuse(CodeForbidden, "Only the poster and the worker can %s", what)
	}
	return nil
}
