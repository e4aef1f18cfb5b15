package market

import "github.com/pinchwork/pinchwork/store"

// visible refuses everything about a task to those who may not know of it:
// strangers see a task while it is posted, system tasks never (contract §5,
// pitfall 28).
func visible(l *store.Loaded) error {
	t := l.Task
	if t == nil || !t.IsParty(l.Caller.ID) && (t.System != nil || t.Status != StatusPosted) {
		return notFound()
	}
	return nil
}

// ordinary is for what every agent may read of an ordinary task in any state.
func ordinary(l *store.Loaded) error {
	if l.Task == nil || l.Task.System != nil {
		return notFound()
	}
	return nil
}

func notFound() *Error { return refuse(CodeNotFound, "Task not found") }

// unlapsed refuses a worker whose claim has ended: it is told when and why, also
// after somebody else has claimed the task, and whatever the task is now.
func unlapsed(l *store.Loaded) error {
	t := l.Task
	if t == nil || l.Lapse == nil || l.Role != store.RoleWorker || t.Worker() == l.Caller.ID {
		return nil
	}
	return refuse(CodeClaimLapsed, "Your claim on this task ended at %s: %s", NewTime(l.Lapse.At), l.Lapse.Why)
}

// posterOnly and workerOnly also refuse those who see the task but have the
// wrong role.
func posterOnly(l *store.Loaded, what string) error {
	if err := visible(l); err != nil {
		return err
	}
	if l.Task.Poster != l.Caller.ID {
		return refuse(CodeForbidden, "Only the poster can %s", what)
	}
	return nil
}

func workerOnly(l *store.Loaded, what string) error {
	if err := unlapsed(l); err != nil {
		return err
	}
	if err := visible(l); err != nil {
		return err
	}
	if l.Task.Worker() != l.Caller.ID {
		if l.Task.Status == StatusPosted && l.Task.Poster != l.Caller.ID {
			return refuse(CodeForbidden, "Only the worker can %s; the task is posted, pick it up first", what)
		}
		return refuse(CodeForbidden, "Only the worker can %s", what)
	}
	return nil
}

func partyOnly(l *store.Loaded, what string) error {
	if err := unlapsed(l); err != nil {
		return err
	}
	if err := visible(l); err != nil {
		return err
	}
	if !l.Task.IsParty(l.Caller.ID) {
		return refuse(CodeForbidden, "Only the poster and the worker can %s", what)
	}
	return nil
}
