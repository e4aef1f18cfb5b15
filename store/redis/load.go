package redis

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// Load implements store.Reader.
func (s *Store) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	reply, err := s.run(ctx, loadScript, s.prefix(), loadArgs(q)...)
	if err != nil {
		return nil, err
	}
	d := decoder{reply: list(reply)}
	l := &store.Loaded{
		Caller: d.agent(0), Due: texts[store.TaskID](d.at(1)), Agent: d.agent(2),
	}
	d.task(l, q)
	d.talk(l, q)
	if q.TrustIn {
		l.TrustIn = trustIn(q.Caller, d.at(16))
	}
	d.rest(l, q)
	if d.err != nil {
		return nil, d.err
	}
	return l, nil
}

// loadArgs are the arguments of load.lua.
func loadArgs(q store.LoadQuery) []any {
	letters := ""
	if q.Text {
		letters += "t"
	}
	if q.Trust {
		letters += "r"
	}
	if q.Role {
		letters += "o"
	}
	if q.TrustIn {
		letters += "i"
	}
	args := []any{
		micros(q.Now), string(q.Caller), string(q.Agent), string(q.Task), letters, string(q.Question),
		"", "", "", "", "", "", string(q.Report), q.External, len(q.Results),
	}
	if t := q.Questions; t != nil {
		args[6], args[7] = t.Limit, t.Offset
	}
	if t := q.Messages; t != nil {
		args[8], args[9], args[10] = t.Limit, t.Offset, string(t.Worker)
	}
	if q.Idempotency != nil {
		args[11] = recordName(*q.Idempotency)
	}
	for _, no := range q.Results {
		args = append(args, resultField(no))
	}
	for _, id := range q.Records {
		args = append(args, recordName(id))
	}
	return args
}

// decoder reads the reply of load.lua; it keeps the first error.
type decoder struct {
	reply []any
	err   error
}

func (d *decoder) at(i int) any { return at(d.reply, i) }

func keep[T any](d *decoder, v T, err error) T {
	if err != nil && d.err == nil {
		d.err = err
	}
	return v
}

func (d *decoder) agent(i int) *store.Agent {
	a, err := decodeAgent(d.at(i))
	return keep(d, a, err)
}

// party reads an agent, which the reply does not repeat if it is the caller.
func (d *decoder) party(i int, id store.AgentID, caller *store.Agent) *store.Agent {
	if caller != nil && id == caller.ID {
		return caller
	}
	return d.agent(i)
}

func (d *decoder) task(l *store.Loaded, q store.LoadQuery) {
	if d.at(3) == nil {
		return
	}
	row, err := decodeRow(d.at(3))
	if err != nil {
		keep(d, 0, err)
		return
	}
	l.Task = row.Task
	if q.Text {
		l.Text = row.Text
	}
	l.Poster, l.Worker = d.party(4, l.Task.Poster, l.Caller), d.party(5, l.Task.Worker(), l.Caller)
	l.Subject = d.agent(6)
	l.Parent = d.brief(d.at(7))
	for _, child := range list(d.at(8)) {
		if t := d.brief(child); t != nil {
			l.Children = append(l.Children, t)
		}
	}
	for i, v := range list(d.at(20)) {
		if body, kept := v.(string); kept {
			l.Results = append(l.Results, store.Result{Task: l.Task.ID, No: q.Results[i], Text: body})
		}
	}
	if worker := l.Task.Worker(); q.Trust {
		l.PosterTrust = decodeTrust(l.Task.Poster, worker, text(d.at(9)))
		l.WorkerTrust = decodeTrust(worker, l.Task.Poster, text(d.at(10)))
	}
	l.Role = store.Role(text(at(d.at(11), 0)))
	lapse, err := unpackLapse(at(d.at(11), 1))
	l.Lapse = keep(d, lapse, err)
}

// brief reads a task without texts, nil when it is not there.
func (d *decoder) brief(v any) *store.Task {
	if text(at(v, 0)) == "" {
		return nil
	}
	t, err := unpackTask(text(at(v, 0)), number(at(v, 1)))
	return keep(d, t, err)
}

func (d *decoder) talk(l *store.Loaded, q store.LoadQuery) {
	if d.at(12) != nil {
		question, err := decodeQuestion(d.at(12))
		if keep(d, question, err).Task == q.Task {
			l.Question = &question
		}
	}
	questions, err := decodeList(d.at(13), decodeQuestion)
	l.Questions = keep(d, questions, err)
	messages, err := decodeList(d.at(14), decodeMessage)
	l.Messages = keep(d, messages, err)
	l.TalkTotal = int(number(d.at(15)))
}

func (d *decoder) rest(l *store.Loaded, q store.LoadQuery) {
	if q.Idempotency != nil {
		record, err := decodeRecord(*q.Idempotency, text(d.at(17)), q.Now)
		l.Idempotency = keep(d, record, err)
	}
	for i, v := range list(d.at(19)) {
		record, err := decodeRecord(q.Records[i], text(v), q.Now)
		if record = keep(d, record, err); record != nil {
			l.Records = append(l.Records, record)
		}
	}
	if d.at(18) != nil {
		report, err := decodeReport(d.at(18))
		report = keep(d, report, err)
		l.Report = &report
	}
}

// trustIn reads the flat list of trusting agents and pairs.
func trustIn(to store.AgentID, v any) []store.TrustPair {
	flat := list(v)
	var pairs []store.TrustPair
	for i := 0; i+1 < len(flat); i += 2 {
		pairs = append(pairs, decodeTrust(store.AgentID(text(flat[i])), to, text(flat[i+1])))
	}
	return pairs
}

// prefix is the one key that is passed to scripts that compute keys as they
// run.
func (s *Store) prefix() []string { return []string{string(s.keys)} }
