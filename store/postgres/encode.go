package postgres

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// encoder turns Changes into documents, with their long texts beside.
type encoder struct {
	texts []string
}

// text keeps a long text and returns its position.
func (e *encoder) text(s string) int {
	if s == "" {
		return 0
	}
	e.texts = append(e.texts, storable(s))
	return len(e.texts)
}

// at returns the long text at a position.
func (e *encoder) at(position int) string {
	if position == 0 {
		return ""
	}
	return e.texts[position-1]
}

// document returns the Change as JSON.
func (e *encoder) document(c *store.Change) (string, error) {
	w, err := e.change(c)
	if err != nil {
		return "", err
	}
	return inJSON(w)
}

func inJSON(v any) (string, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("postgres: encoding a change: %w", err)
	}
	return storableJSON(string(doc)), nil
}

// change names rows in the order in which they are locked.
func (e *encoder) change(c *store.Change) (*wireChange, error) {
	w := &wireChange{At: instant(c.At), Feed: c.Feed, Want: c.WantText}
	b := books{change: c}
	e.tasks(w, c)
	e.talk(w, c)
	agents(w, c)
	if c.Idempotency != nil {
		w.Once = record(c.Idempotency)
	}
	return w, b.keep(w)
}

func record(r *store.IdempotencyRecord) *wireRecord {
	return &wireRecord{
		Caller: r.Caller, Operation: r.Operation, Key: r.Key,
		Request: hex.EncodeToString(r.Request[:]), Outcome: string(r.Outcome), Expires: instant(r.ExpiresAt),
	}
}

func (e *encoder) tasks(w *wireChange, c *store.Change) {
	for i := range c.Tasks {
		w.Tasks = append(w.Tasks, e.task(&c.Tasks[i], c))
	}
	for _, ref := range c.Unchanged {
		w.Unchanged = append(w.Unchanged, wireRef{ref.ID, ref.Version})
	}
	for _, q := range c.Talk {
		w.Counts = append(w.Counts, wireCount(q))
	}
	for _, ref := range c.Drop {
		w.Drop = append(w.Drop, wireText(ref))
	}
	w.Lock = touched(c)
}

// touched returns the stored tasks that a Change locks, if there are several.
func touched(c *store.Change) (ids []store.TaskID) {
	if len(c.Tasks)+len(c.Unchanged)+len(c.Talk) < 2 {
		return nil
	}
	for i := range c.Tasks {
		if c.Tasks[i].Old != nil {
			ids = append(ids, c.Tasks[i].New.ID)
		}
	}
	for _, ref := range c.Unchanged {
		ids = append(ids, ref.ID)
	}
	for _, q := range c.Talk {
		ids = append(ids, q.Task)
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) < 2 {
		return nil
	}
	return ids
}

func (e *encoder) task(t *store.TaskWrite, c *store.Change) wireTask {
	w := wireTask{
		ID: t.New.ID, Next: t.New.Version, Doc: t.New, Poster: t.New.Poster, Worker: t.New.Worker(),
		Status: number(t.New.Status), Due: instant(t.New.NextDue), Moved: true,
	}
	if t.Old == nil {
		w.Need, w.Context = e.text(t.Text.Need), e.text(t.Text.Context)
	} else {
		w.Version, w.Was = t.Old.Version, number(t.Old.Status)
		if worker := t.Old.Worker(); worker != w.Worker {
			w.Left = worker
		}
		w.Moved = w.Was != w.Status || t.Old.Worker() != w.Worker || !w.Due.equal(instant(t.Old.NextDue))
	}
	if t.New.Status.Ended() && (t.Old == nil || !t.Old.Status.Ended()) {
		w.Ended = instant(c.At)
		if t.New.Ending != nil {
			w.Ended = instant(t.New.Ending.At)
		}
	}
	return w
}

// number is a status as table party has it, from 1.
func number(s store.Status) int { return slices.Index(store.Statuses(), s) + 1 }

func (e *encoder) talk(w *wireChange, c *store.Change) {
	for _, r := range c.Results {
		w.Results = append(w.Results, wireResult{r.Task, r.No, e.text(r.Text)})
	}
	for i := range c.Questions {
		q := &c.Questions[i]
		w.Questions = append(w.Questions, wireQuestion{
			q.ID, q.Task, q.Asker, e.text(q.Text), e.text(q.Answer), instant(q.CreatedAt), instant(q.AnsweredAt),
		})
	}
	for _, a := range c.Answers {
		w.Answers = append(w.Answers, wireAnswer{a.Question, a.Task, e.text(a.Text), instant(a.At)})
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		w.Messages = append(w.Messages, wireMessage{
			m.ID, m.Task, m.Sender, m.Worker, e.text(m.Text), instant(m.CreatedAt),
		})
	}
	for i := range c.Reports {
		r := &c.Reports[i]
		w.Reports = append(w.Reports, wireReport{
			r.ID, r.Task, r.Reporter, e.text(r.Reason), r.Status, r.Note, instant(r.CreatedAt), instant(r.ResolvedAt),
		})
	}
	for i := range c.Resolutions {
		r := &c.Resolutions[i]
		w.Resolutions = append(w.Resolutions, wireResolution{r.ID, r.Task, r.Status, r.Note, instant(r.ResolvedAt)})
	}
}

// agents adds profiles, trust, roles and statistics, each by ascending key.
func agents(w *wireChange, c *store.Change) {
	for i := range c.Agents {
		w.Agents = append(w.Agents, profile(&c.Agents[i]))
	}
	for i := range c.Trust {
		p := &c.Trust[i].New
		w.Trust = append(w.Trust, wireTrust{p.From, p.To, p.Score, p.Interactions, instant(p.UpdatedAt)})
	}
	for _, r := range c.Roles {
		w.Roles = append(w.Roles, role(r))
	}
	for i := range c.Tags {
		d := &c.Tags[i]
		w.Tags = append(w.Tags, wireTag{d.Agent, d.Tag, d.Count, d.Earned, d.RatingSum, d.RatingCount})
	}
	slices.SortStableFunc(w.Agents, func(a, b wireAgent) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortStableFunc(w.Trust, func(a, b wireTrust) int {
		return strings.Compare(string(a.From)+" "+string(a.To), string(b.From)+" "+string(b.To))
	})
	slices.SortStableFunc(w.Roles, func(a, b wireRole) int {
		return strings.Compare(string(a.Task)+" "+string(a.Agent), string(b.Task)+" "+string(b.Agent))
	})
	slices.SortStableFunc(w.Tags, func(a, b wireTag) int {
		return strings.Compare(string(a.Agent)+" "+a.Tag, string(b.Agent)+" "+b.Tag)
	})
}

func role(r store.RoleWrite) wireRole {
	w := wireRole{Task: r.Task, Agent: r.Agent, Role: r.Role}
	if l := r.Lapse; l != nil {
		w.wireLapse = &wireLapse{instant(l.At), l.Why, l.Claim}
	}
	return w
}

func profile(a *store.AgentWrite) wireAgent {
	w := wireAgent{
		ID: a.New.ID, Next: a.New.Version, Profile: a.New,
		Suspended: a.New.Suspended, Hooked: a.New.WebhookURL != "",
	}
	if a.Old == nil {
		w.Key = hex.EncodeToString(a.Key[:])
	} else {
		w.Version = a.Old.Version
	}
	return w
}
