package market

import (
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// applied shows a commit of this process on its own mirror immediately, and
// wakes those who wait for it, here and elsewhere. Inside a host's transaction
// both wait for the host's commit, and come with the feed.
func (m *Market) applied(o *rules.Outcome, committed store.Committed, l *store.Loaded) {
	if m.hosted {
		return
	}
	m.meter.credits(o.Transfers)
	m.observer.note(&o.Change)
	if err := m.show(o, committed, l); err != nil {
		// The commit stands, and so does its answer. The feed has all of it, so the
		// mirror can recover.
		m.mirror.Doubt()
		m.log.Error("a commit could not be shown on this process's board", "error", err)
	}
	for _, w := range o.Tasks {
		m.alarm.note(w.New.NextDue)
	}
	m.wake(o)
}

func (m *Market) show(o *rules.Outcome, committed store.Committed, l *store.Loaded) error {
	_, err := guarded(func() (struct{}, error) {
		m.mirror.Show(&o.Change, committed, l)
		return struct{}{}, nil
	})
	return err
}

// wake tells the agents whose log has moved, and also the agents that acted: a
// wait of theirs may end with what they did themselves, of which they get no
// event.
func (m *Market) wake(o *rules.Outcome) {
	if len(o.Feed) > 0 {
		m.notifier.FeedMoved()
	}
	var room [4]AgentID
	ids := room[:0]
	for i := range o.Events {
		ids = append(ids, o.Events[i].Agent)
	}
	for _, w := range o.Tasks {
		switch t := w.New; {
		case t.Status == StatusCancelled && t.System == nil:
			ids = append(ids, t.Poster)
		case t.Status == StatusDelivered && w.Old != nil && w.Old.Status == StatusClaimed:
			ids = append(ids, t.Worker())
		case !t.Status.Ended():
			continue
		}
		m.rooms.moved(w.New.ID)
	}
	if len(ids) > 0 {
		m.notifier.Wake(ids...)
	}
}
