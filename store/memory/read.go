package memory

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Tasks returns tasks by id; see store.Reader.
func (s *Store) Tasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(ids) > store.MaxIDs {
		return nil, store.ErrTooMany
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]store.StoredTask, 0, len(ids))
	for _, id := range ids {
		if r := s.tasks[id]; r != nil && r.task != nil {
			out = append(out, r.stored())
		}
	}
	return out, nil
}

// TasksOf pages through the tasks of one agent; see store.Reader.
func (s *Store) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	if err := ctx.Err(); err != nil {
		return store.TasksPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.parties[q.Agent]
	if p == nil {
		return store.TasksPage{}, nil
	}
	tasks := p.tasksOf(q.Role, q.Status)
	page := store.TasksPage{Total: tasks.len(), Due: s.dueAt(q.Agent, q.Now)}
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

// Agents returns agents by id; see store.Reader.
func (s *Store) Agents(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(ids) > store.MaxIDs {
		return nil, store.ErrTooMany
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*store.Agent, 0, len(ids))
	for _, id := range ids {
		if a := s.agent(id); a != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

// Due returns what is due; see store.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	if err := ctx.Err(); err != nil {
		return store.Agenda{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	agenda := store.Agenda{Tasks: s.due.upTo(now.UnixMicro(), limit)}
	s.due.after(now.UnixMicro(), func(r *record) bool {
		agenda.NextTask = r.task.NextDue
		return false
	})
	if first, ok := s.webhooks.queue.Min(); ok {
		agenda.NextWebhook = time.UnixMicro(first.due).UTC()
	}
	return agenda, nil
}
