package memory

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Tasks returns tasks by id; see market.Reader.
func (s *Store) Tasks(ctx context.Context, ids []market.TaskID) ([]market.StoredTask, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]market.StoredTask, 0, len(ids))
	for _, id := range ids {
		if r := s.tasks[id]; r != nil && r.task != nil {
			out = append(out, r.stored())
		}
	}
	return out, nil
}

// TasksOf pages through the tasks of one agent; see market.Reader.
func (s *Store) TasksOf(ctx context.Context, q market.TasksQuery) (market.TasksPage, error) {
	if err := ctx.Err(); err != nil {
		return market.TasksPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.parties[q.Agent]
	if p == nil {
		return market.TasksPage{}, nil
	}
	tasks := p.tasksOf(q.Role, q.Status)
	page := market.TasksPage{Total: tasks.len(), Due: s.dueAt(q.Agent, q.Now)}
	size := 0
	for _, r := range tasks.page(q.Offset, q.Limit) {
		found := r.stored()
		found.Text = r.texts()
		size += len(found.Text.Need) + len(found.Text.Context) + len(found.Text.Result)
		if q.MaxBytes > 0 && size > q.MaxBytes && len(page.Tasks) > 0 {
			break
		}
		page.Tasks = append(page.Tasks, found)
	}
	return page, nil
}

// Agents returns agents by id; see market.Reader.
func (s *Store) Agents(ctx context.Context, ids []market.AgentID) ([]*market.Agent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*market.Agent, 0, len(ids))
	for _, id := range ids {
		if a := s.agent(id); a != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

// Due returns what has to be done; see market.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (market.Agenda, error) {
	if err := ctx.Err(); err != nil {
		return market.Agenda{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	agenda := market.Agenda{Tasks: s.due.upTo(now.UnixMicro(), limit)}
	s.due.after(now.UnixMicro(), func(r *record) bool {
		agenda.NextTask = r.task.NextDue
		return false
	})
	if first, ok := s.outbox.queue.Min(); ok {
		agenda.NextWebhook = time.UnixMicro(first.due).UTC()
	}
	return agenda, nil
}
