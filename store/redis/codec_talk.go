package redis

import "github.com/pinchwork/pinchwork/store"

func packQuestion(q *store.Question) string {
	p := newPacker()
	put(p, "id", q.ID)
	put(p, "t", q.Task)
	put(p, "a", q.Asker)
	put(p, "x", q.Text)
	p.instant("c", q.CreatedAt)
	put(p, "y", q.Answer)
	p.instant("v", q.AnsweredAt)
	return p.String()
}

// packAnswer gives the fields of a question that an answer fills in.
func packAnswer(a *store.Answer) string {
	p := newPacker()
	put(p, "y", a.Text)
	p.instant("v", a.At)
	return p.String()
}

// decodeQuestion reads a pair of question and answer; the answer may be nil.
func decodeQuestion(v any) (q store.Question, err error) {
	err = unpack(text(at(v, 0))+text(at(v, 1)), func(name, value string) {
		switch name {
		case "id":
			q.ID = store.QuestionID(value)
		case "t":
			q.Task = store.TaskID(value)
		case "a":
			q.Asker = store.AgentID(value)
		case "x":
			q.Text = value
		case "c":
			q.CreatedAt = unpackInstant(value)
		case "y":
			q.Answer = value
		case "v":
			q.AnsweredAt = unpackInstant(value)
		}
	})
	return q, err
}

func packMessage(m *store.Message) string {
	p := newPacker()
	put(p, "id", m.ID)
	put(p, "t", m.Task)
	put(p, "s", m.Sender)
	put(p, "x", m.Text)
	put(p, "w", m.Worker)
	p.instant("c", m.CreatedAt)
	return p.String()
}

func decodeMessage(v any) (m store.Message, err error) {
	err = unpack(text(v), func(name, value string) {
		switch name {
		case "id":
			m.ID = store.MessageID(value)
		case "t":
			m.Task = store.TaskID(value)
		case "s":
			m.Sender = store.AgentID(value)
		case "x":
			m.Text = value
		case "w":
			m.Worker = store.AgentID(value)
		case "c":
			m.CreatedAt = unpackInstant(value)
		}
	})
	return m, err
}

func packReport(r *store.Report) string {
	p := newPacker()
	put(p, "id", r.ID)
	put(p, "t", r.Task)
	put(p, "r", r.Reporter)
	put(p, "x", r.Reason)
	p.instant("c", r.CreatedAt)
	put(p, "s", r.Status)
	put(p, "n", r.Note)
	p.instant("v", r.ResolvedAt)
	return p.String()
}

// packResolution gives the fields of a report that a resolution replaces,
// including empty ones.
func packResolution(r *store.Report) string {
	p := newPacker()
	putAll(p, "s", []store.ReportStatus{r.Status})
	putAll(p, "n", []string{r.Note})
	p.instant("v", r.ResolvedAt)
	return p.String()
}

// decodeReport reads a pair of report and resolution; the resolution may be
// nil.
func decodeReport(v any) (r store.Report, err error) {
	err = unpack(text(at(v, 0))+text(at(v, 1)), func(name, value string) {
		switch name {
		case "id":
			r.ID = store.ReportID(value)
		case "t":
			r.Task = store.TaskID(value)
		case "r":
			r.Reporter = store.AgentID(value)
		case "x":
			r.Reason = value
		case "c":
			r.CreatedAt = unpackInstant(value)
		case "s":
			r.Status = store.ReportStatus(value)
		case "n":
			r.Note = value
		case "v":
			r.ResolvedAt = unpackInstant(value)
		}
	})
	return r, err
}
