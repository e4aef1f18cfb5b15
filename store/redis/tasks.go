package redis

import (
	"context"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store"
)

// Tasks implements store.Reader.
func (s *Store) Tasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	switch {
	case len(ids) == 0:
		return nil, nil
	case len(ids) > store.MaxIDs:
		return nil, store.ErrTooMany
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	rows, roles := make([]*goredis.SliceCmd, len(ids)), make([]*goredis.MapStringStringCmd, len(ids))
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, id := range ids {
			rows[i] = p.HMGet(ctx, s.keys.task(id), "d", "n", "need", "context")
			roles[i] = p.HGetAll(ctx, s.keys.roles(id))
		}
		return nil
	})
	if err != nil {
		return nil, failed(err)
	}
	tasks := make([]store.StoredTask, 0, len(ids))
	for i := range ids {
		if rows[i].Val()[0] == nil {
			continue
		}
		task, err := decodeRow(rows[i].Val())
		if err != nil {
			return nil, err
		}
		for agent, role := range roles[i].Val() {
			task.Infra = addInfra(task.Infra, agent, role)
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}

// decodeRow reads {document, number, need, context, result}, of which the last
// may be missing.
func decodeRow(v any) (store.StoredTask, error) {
	task, err := unpackTask(text(at(v, 0)), number(at(v, 1)))
	return store.StoredTask{
		Task: task,
		Text: store.TaskText{Need: text(at(v, 2)), Context: text(at(v, 3)), Result: text(at(v, 4))},
	}, err
}

func addInfra(infra []store.AgentID, agent, role string) []store.AgentID {
	if store.Role(role) != store.RoleInfra {
		return infra
	}
	return append(infra, store.AgentID(agent))
}

// TasksOf implements store.Reader.
func (s *Store) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	reply, err := s.run(ctx, tasksOfScript, append(s.prefix(), s.indexesOf(q)...),
		string(q.Agent), micros(q.Now), q.Limit, q.Offset, q.MaxBytes)
	if err != nil {
		return store.TasksPage{}, err
	}
	tasks, err := decodeList(at(reply, 1), decodeRow)
	return store.TasksPage{
		Tasks: tasks, Total: int(number(at(reply, 0))), Due: texts[store.TaskID](at(reply, 2)),
	}, err
}

// indexesOf are the disjoint zsets whose union is asked for: no agent is both
// poster and worker of the same task.
func (s *Store) indexesOf(q store.TasksQuery) []string {
	roles, statuses := []string{rolePoster, roleWorker}, store.Statuses()
	switch q.Role {
	case store.PartyPoster:
		roles = roles[:1]
	case store.PartyWorker:
		roles = roles[1:]
	}
	if q.Status != "" {
		statuses = []store.Status{q.Status}
	}
	var keys []string
	for _, role := range roles {
		for _, status := range statuses {
			keys = append(keys, s.keys.partyTasks(q.Agent, role, status))
		}
	}
	return keys
}

// scanBytes bounds the texts of one page of a scan, which would otherwise block
// the server for long.
const scanBytes = 4 << 20

// ScanOpen implements store.FeedReader. A page ends early when its texts
// reach 4 MiB.
func (s *Store) ScanOpen(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	reply, err := s.scan(ctx, s.keys.open(), after, limit, "texts")
	if err != nil {
		return nil, err
	}
	return decodeList(reply, decodeScanned)
}

// ScanTasks implements store.FeedReader.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	reply, err := s.scan(ctx, s.keys.tasks(), after, limit, "due")
	if err != nil {
		return nil, err
	}
	return decodeList(reply, decodeListed)
}

// ScanEnded implements store.FeedReader.
func (s *Store) ScanEnded(ctx context.Context, limit, offset int) ([]store.StoredTask, error) {
	if limit <= 0 {
		return nil, nil
	}
	reply, err := s.run(ctx, scanEndedScript, s.prefix(), limit, max(offset, 0))
	if err != nil {
		return nil, err
	}
	return decodeList(reply, decodeRow)
}

func (s *Store) scan(ctx context.Context, which string, after int64, limit int, with string) (any, error) {
	return s.run(ctx, scanTasksScript, append(s.prefix(), which), after, limit, with, scanBytes)
}

// decodeListed reads {document, number, instant or nil}.
func decodeListed(v any) (store.StoredTask, error) {
	task, err := unpackTask(text(at(v, 0)), number(at(v, 1)))
	return store.StoredTask{Task: task, Due: instantAt(v, 2)}, err
}

// decodeScanned reads {document, number, need, context, {agent, role, …}}.
func decodeScanned(v any) (store.StoredTask, error) {
	task, err := unpackTask(text(at(v, 0)), number(at(v, 1)))
	stored := store.StoredTask{Task: task, Text: store.TaskText{Need: text(at(v, 2)), Context: text(at(v, 3))}}
	roles := list(at(v, 4))
	for i := 0; i+1 < len(roles); i += 2 {
		stored.Infra = addInfra(stored.Infra, text(roles[i]), text(roles[i+1]))
	}
	return stored, err
}
