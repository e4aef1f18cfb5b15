package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// maxTorn bounds how often a load is repeated because somebody changed the task
// while its parts were read.
const maxTorn = 3

// Load reads what one decision needs; see store.Reader.
func (s *Store) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	for try := 1; ; try++ {
		p := &parts{query: &q}
		if err := s.read(ctx, "loading", p.queue); err != nil {
			return nil, err
		}
		if l, whole := p.assemble(); whole || try == maxTorn {
			return l, nil
		}
	}
}

// parts are the results of the statements of one load.
type parts struct {
	query  *store.LoadQuery
	loaded *store.Loaded
	agents map[store.AgentID]*store.Agent
	// external is the agent with the external id that was asked for.
	external *store.Agent
	tasks    map[store.TaskID]*store.Task
	pairs    []store.TrustPair
}

func (p *parts) queue(b *batch) {
	q := p.query
	p.loaded = new(store.Loaded)
	p.agents, p.tasks = map[store.AgentID]*store.Agent{}, map[store.TaskID]*store.Task{}
	if q.Caller != "" {
		collect(b, &p.loaded.Due, scanID[store.TaskID], "due_of", string(q.Caller), q.Now)
	}
	if q.Caller != "" || q.Agent != "" || q.Task != "" {
		p.queueAgents(b)
	}
	if q.Agent == "" && q.External != "" && storable(q.External) == q.External {
		p.external = nil
		b.Queue(b.store.sql["load_external"], q.External).Query(func(rows pgx.Rows) error {
			return eachAgent(rows, func(a *store.Agent) { p.external = a })
		})
	}
	if q.Task != "" {
		p.queueTask(b)
		p.queueTalk(b)
	}
	if q.TrustIn {
		collect(b, &p.loaded.TrustIn, scanPair, "trust_in", string(q.Caller))
	}
	if q.Idempotency != nil {
		p.queueRecord(b)
	}
	if len(q.Records) > 0 {
		p.queueRecords(b)
	}
	if q.Report != "" {
		b.Queue(b.store.sql["report"], string(q.Report)).Query(func(rows pgx.Rows) (err error) {
			p.loaded.Report, err = first(rows, scanReport)
			return err
		})
	}
}

// first returns the first row, or nil.
func first[T any](rows pgx.Rows, scan pgx.RowToFunc[T]) (*T, error) {
	all, err := pgx.CollectRows(rows, scan)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func (p *parts) queueAgents(b *batch) {
	ids := []string{string(p.query.Caller), string(p.query.Agent)}
	b.Queue(b.store.sql["load_agents"], ids, string(p.query.Task)).Query(func(rows pgx.Rows) error {
		return eachAgent(rows, func(a *store.Agent) { p.agents[a.ID] = a })
	})
}

func eachAgent(rows pgx.Rows, visit func(*store.Agent)) error {
	var r agentRow
	_, err := pgx.ForEachRow(rows, r.targets(), func() error {
		a, err := r.agent()
		if err == nil {
			visit(a)
		}
		return err
	})
	return err
}

func (p *parts) queueTask(b *batch) {
	task := string(p.query.Task)
	b.Queue(b.store.sql["load_task"], task, p.query.Text).Query(func(rows pgx.Rows) error {
		return p.scanTask(rows)
	})
	b.Queue(b.store.sql["load_relatives"], task).Query(func(rows pgx.Rows) error {
		return p.scanRelatives(rows)
	})
	if len(p.query.Results) > 0 {
		collect(b, &p.loaded.Results, p.scanResult, "results", task, p.query.Results)
	}
	if p.query.Trust {
		collect(b, &p.pairs, scanPair, "load_trust", task)
	}
	if p.query.Role {
		b.Queue(b.store.sql["load_role"], task, string(p.query.Caller)).Query(p.scanRole)
	}
}

func (p *parts) scanResult(row pgx.CollectableRow) (store.Result, error) {
	r := store.Result{Task: p.query.Task}
	err := row.Scan(&r.No, &r.Text)
	return r, err
}

func (p *parts) scanRole(rows pgx.Rows) error {
	var at *time.Time
	var lapse store.Lapse
	_, err := pgx.ForEachRow(rows, []any{(*string)(&p.loaded.Role), &at, &lapse.Why, &lapse.Claim}, func() error {
		if at != nil {
			lapse.At = at.UTC()
			p.loaded.Lapse = &lapse
		}
		return nil
	})
	return err
}

func (p *parts) scanTask(rows pgx.Rows) error {
	var seq, version int64
	var doc []byte
	var need, context, result *string
	_, err := pgx.ForEachRow(rows, []any{&seq, &version, &doc, &need, &context, &result}, func() (err error) {
		p.loaded.Text = store.TaskText{Need: orEmpty(need), Context: orEmpty(context), Result: orEmpty(result)}
		p.loaded.Task, err = decodeTask(seq, version, doc)
		return err
	})
	return err
}

func (p *parts) scanRelatives(rows pgx.Rows) error {
	var seq, version int64
	var doc []byte
	_, err := pgx.ForEachRow(rows, []any{&seq, &version, &doc}, func() error {
		t, err := decodeTask(seq, version, doc)
		if err == nil {
			p.tasks[t.ID] = t
		}
		return err
	})
	return err
}

func (p *parts) queueTalk(b *batch) {
	q, l := p.query, p.loaded
	task := string(q.Task)
	if q.Question != "" {
		b.Queue(b.store.sql["question"], task, string(q.Question)).Query(func(rows pgx.Rows) (err error) {
			l.Question, err = first(rows, scanQuestion)
			return err
		})
	}
	if m := q.Messages; m != nil {
		collect(b, &l.Messages, scanMessage, "messages", task, string(m.Worker), m.Limit, max(m.Offset, 0))
		b.row("message_count", []any{task, string(m.Worker)}, &l.TalkTotal)
	}
	if m := q.Questions; m != nil {
		collect(b, &l.Questions, scanQuestion, "questions", task, m.Limit, max(m.Offset, 0))
		b.row("question_count", []any{task}, &l.TalkTotal)
	}
}

func (p *parts) queueRecord(b *batch) {
	id := p.query.Idempotency
	b.Queue(b.store.sql["idempotency"], string(id.Caller), id.Operation, id.Key, p.query.Now).Query(func(rows pgx.Rows) error {
		var request []byte
		var outcome string
		var expires time.Time
		_, err := pgx.ForEachRow(rows, []any{&request, &outcome, &expires}, func() error {
			r := &store.IdempotencyRecord{IdempotencyID: *id, Outcome: []byte(outcome), ExpiresAt: expires.UTC()}
			copy(r.Request[:], request)
			p.loaded.Idempotency = r
			return nil
		})
		return err
	})
}

func (p *parts) queueRecords(b *batch) {
	ids := p.query.Records
	var callers, operations, keys []string
	for _, id := range ids {
		callers, operations, keys = append(callers, string(id.Caller)), append(operations, id.Operation), append(keys, id.Key)
	}
	p.loaded.Records = nil
	b.Queue(b.store.sql["records"], callers, operations, keys, p.query.Now).Query(func(rows pgx.Rows) error {
		var n int
		var request []byte
		var outcome string
		var expires time.Time
		_, err := pgx.ForEachRow(rows, []any{&n, &request, &outcome, &expires}, func() error {
			r := &store.IdempotencyRecord{IdempotencyID: ids[n-1], Outcome: []byte(outcome), ExpiresAt: expires.UTC()}
			copy(r.Request[:], request)
			p.loaded.Records = append(p.loaded.Records, r)
			return nil
		})
		return err
	})
}

// assemble puts the parts together. They were read one after the other: if the
// task changed in between, its parties may differ from those read, and the load
// has to be repeated.
func (p *parts) assemble() (l *store.Loaded, whole bool) {
	l = p.loaded
	l.Caller, l.Agent = p.agents[p.query.Caller], p.agents[p.query.Agent]
	if p.external != nil {
		l.Agent = p.external
	}
	t := l.Task
	if t == nil {
		p.forgetTask()
		return l, true
	}
	l.Poster, l.Worker = p.agents[t.Poster], p.agents[t.Worker()]
	whole = (l.Poster != nil || t.Poster == store.Platform) && (l.Worker != nil || t.Worker() == "")
	if t.System != nil {
		l.Parent, l.Subject = p.tasks[t.System.Parent], p.agents[t.System.Subject]
		whole = whole && (l.Subject != nil || t.System.Subject == "")
	}
	for _, id := range t.Children {
		if child := p.tasks[id]; child != nil {
			l.Children = append(l.Children, child)
		}
	}
	whole = whole && len(l.Children) == len(t.Children)
	if p.query.Trust {
		l.PosterTrust, l.WorkerTrust = p.pair(t.Poster, t.Worker()), p.pair(t.Worker(), t.Poster)
	}
	return l, whole
}

// forgetTask drops what was read about a task that does not exist.
func (p *parts) forgetTask() {
	l := p.loaded
	l.Text, l.Question, l.Questions, l.Messages, l.TalkTotal = store.TaskText{}, nil, nil, nil, 0
	l.Role, l.Lapse = store.RoleNone, nil
}

func (p *parts) pair(from, to store.AgentID) store.TrustPair {
	i := slices.IndexFunc(p.pairs, func(t store.TrustPair) bool { return t.From == from && t.To == to })
	if i < 0 {
		return store.NeutralPair(from, to)
	}
	return p.pairs[i]
}
