package postgres

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pinchwork/pinchwork/store"
)

// message is what travels to the server to commit Changes together: the arguments
// of the routine commit. Rows that are locked stand in the order in which every
// commit locks them.
type message struct {
	changes []*prepared
	// token is set where one of several alternatives is to be written.
	token string
	due   time.Time
	locks []string
	// The tables are the rows, in the order of the parameters.
	records, refs, posted, moved, ends, come, move, away, counts, agents, roles, results table
	questions, answers, messages, reports, drops, trust                                  table
	accounts, more, entries, pays, tags                                                  table
	// hooked says that some get a webhook now.
	hooked bool
	totals []byte
	feedAt time.Time
	feed   []store.FeedItem
	wants  []string
}

// newMessage encodes Changes that may travel together.
func newMessage(changes []*prepared) *message {
	m := &message{changes: changes}
	m.head()
	m.taskRows()
	m.agentRows()
	m.talkRows()
	m.bookRows()
	return m
}

// each collects a part of all Changes, with the number of its Change.
func each[T any](changes []*prepared, part func(*prepared) []T) (all []numbered[T]) {
	for i, c := range changes {
		list := part(c)
		for k := range list {
			all = append(all, numbered[T]{change: i, index: k, value: &list[k]})
		}
	}
	return all
}

type numbered[T any] struct {
	change, index int
	value         *T
}

// inOrder is each, sorted by what compare says.
func inOrder[T any](changes []*prepared, part func(*prepared) []T, compare func(a, b *T) int) []numbered[T] {
	all := each(changes, part)
	slices.SortStableFunc(all, func(a, b numbered[T]) int { return compare(a.value, b.value) })
	return all
}

// head is what a message has once.
func (m *message) head() {
	for i, c := range m.changes {
		if i == 0 || c.At.Before(m.due) {
			m.due = c.At
		}
		if len(c.Feed) > 0 && (m.feed == nil || c.At.After(m.feedAt)) {
			m.feedAt = c.At
		}
		m.feed = append(m.feed, c.Feed...)
		if c.WantText != "" {
			m.wants = append(m.wants, string(c.WantText))
		}
	}
	m.recordRows()
}

func (m *message) recordRows() {
	all := each(m.changes, func(c *prepared) []*store.IdempotencyRecord { return slices.Collect(c.EachRecord) })
	slices.SortFunc(all, func(a, b numbered[*store.IdempotencyRecord]) int {
		x, y := *a.value, *b.value
		return cmp.Or(cmp.Compare(x.Caller, y.Caller), cmp.Compare(x.Operation, y.Operation), cmp.Compare(x.Key, y.Key))
	})
	for _, n := range all {
		r := *n.value
		m.records.add(8).int(n.change).time(m.changes[n.change].At).text(string(r.Caller)).text(r.Operation).text(r.Key).
			bytes(r.Request[:]).text(string(r.Outcome)).time(r.ExpiresAt)
	}
}

func (m *message) taskRows() {
	byID := func(a, b *store.TaskWrite) int { return cmp.Compare(a.New.ID, b.New.ID) }
	for _, n := range each(m.changes, func(c *prepared) []store.TaskWrite { return c.Tasks }) {
		if n.value.Old == nil {
			m.taskRow(&m.posted, n)
		}
	}
	for _, n := range inOrder(m.changes, func(c *prepared) []store.TaskWrite { return c.Tasks }, byID) {
		if n.value.Old != nil {
			m.taskRow(&m.moved, n)
		}
	}
	for _, n := range each(m.changes, func(c *prepared) []store.TaskRef { return c.Unchanged }) {
		m.refs.add(3).int(n.change).text(string(n.value.ID)).big(n.value.Version)
	}
	for _, n := range each(m.changes, func(c *prepared) []store.TalkCount { return c.Talk }) {
		q := n.value
		m.counts.add(6).int(n.change).text(string(q.Task)).int(q.Delta).int(q.Max).big(q.Bytes).bigOrNull(bound(q.MaxBytes))
	}
	for _, n := range each(m.changes, func(c *prepared) []store.TextRef { return c.Drop }) {
		m.drops.add(2).text(string(n.value.Task)).int(n.value.No)
	}
	m.locks = m.touched()
}

// bound is nil for no bound.
func bound(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// touched returns the stored tasks that are locked in more ways than one.
func (m *message) touched() (ids []string) {
	if m.refs.n+m.counts.n == 0 || m.moved.n+m.refs.n+m.counts.n < 2 {
		return nil
	}
	for _, c := range m.changes {
		for i := range c.Tasks {
			if c.Tasks[i].Old != nil {
				ids = append(ids, string(c.Tasks[i].New.ID))
			}
		}
		for _, ref := range c.Unchanged {
			ids = append(ids, string(ref.ID))
		}
		for _, q := range c.Talk {
			ids = append(ids, string(q.Task))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (m *message) taskRow(into *table, n numbered[store.TaskWrite]) {
	w := n.value
	t := w.New
	row := into.add(14).int(n.change).text(string(t.ID))
	if w.Old == nil {
		row.null(pgtype.Int8OID)
	} else {
		row.big(w.Old.Version)
	}
	row.big(t.Version).small(number(t.Status)).text(string(t.Poster)).textOrNull(string(t.Worker()))
	if t.System == nil {
		row.null(pgtype.TextOID).null(pgtype.TextOID)
	} else {
		row.text(string(t.System.Parent)).textOrNull(string(t.System.Subject))
	}
	row.texts(untyped(t.Children)).int(t.ResultNo()).text(m.changes[n.change].tasks[n.index])
	row.text(w.Text.Need).text(w.Text.Context)
	m.listRows(w)
	if t.Status.Ended() && (w.Old == nil || !w.Old.Status.Ended()) {
		m.ends.add(2).text(string(t.ID)).time(endOf(t, m.changes[n.change].At))
	}
}

func endOf(t *store.Task, at time.Time) time.Time {
	if t.Ending != nil {
		return t.Ending.At
	}
	return at
}

// number is a status as the tables have it, from 1.
func number(s store.Status) int { return slices.Index(store.Statuses(), s) + 1 }

// listRows moves a task on its parties' lists.
func (m *message) listRows(w *store.TaskWrite) {
	was, left, moved := 0, store.AgentID(""), true
	if old := w.Old; old != nil {
		was, left = number(old.Status), old.Worker()
		moved = was != number(w.New.Status) || left != w.New.Worker() || old.NextDue.UnixMicro() != w.New.NextDue.UnixMicro()
	}
	if !moved {
		return
	}
	m.listRow(w.New, w.New.Poster, asPoster, was)
	worker := w.New.Worker()
	if left != "" && left != worker {
		m.away.add(7).text(string(w.New.ID)).text(string(left)).small(int(asWorker)).small(was).
			null(pgtype.Int2OID).null(pgtype.BoolOID).null(pgtype.TimestamptzOID)
	}
	if worker == "" {
		return
	}
	if left != worker {
		was = 0
	}
	m.listRow(w.New, worker, asWorker, was)
}

func (m *message) listRow(t *store.Task, agent store.AgentID, role int16, was int) {
	rows := &m.move
	if was == 0 {
		rows = &m.come
	}
	rows.add(7).text(string(t.ID)).text(string(agent)).small(int(role)).small(was).small(number(t.Status)).
		bool(role == asPoster && t.Status == store.StatusPosted).time(t.NextDue)
}

// newFirst orders profiles as every commit locks them. Of the new ones, an external
// id is what two commits can wait for; nobody else can hold their ids.
func newFirst(a, b *store.AgentWrite) int {
	if (a.Old == nil) != (b.Old == nil) {
		if a.Old == nil {
			return -1
		}
		return 1
	}
	if a.Old == nil {
		return cmp.Or(cmp.Compare(a.New.ExternalID, b.New.ExternalID), cmp.Compare(a.New.ID, b.New.ID))
	}
	return cmp.Compare(a.New.ID, b.New.ID)
}

// agentRows adds profiles, trust and roles, each by ascending key.
func (m *message) agentRows() {
	for _, n := range inOrder(m.changes, func(c *prepared) []store.AgentWrite { return c.Agents }, newFirst) {
		m.agentRow(n)
	}
	for _, n := range inOrder(m.changes, func(c *prepared) []store.TrustWrite { return c.Trust }, func(a, b *store.TrustWrite) int {
		return cmp.Or(cmp.Compare(a.New.From, b.New.From), cmp.Compare(a.New.To, b.New.To))
	}) {
		p := &n.value.New
		m.trust.add(6).int(n.change).text(string(p.From)).text(string(p.To)).float(p.Score).big(p.Interactions).time(p.UpdatedAt)
	}
	for _, n := range inOrder(m.changes, func(c *prepared) []store.RoleWrite { return c.Roles }, func(a, b *store.RoleWrite) int {
		return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(a.Agent, b.Agent))
	}) {
		r := n.value
		row := m.roles.add(7).int(n.change).text(string(r.Task)).text(string(r.Agent)).text(string(r.Role))
		if l := r.Lapse; l != nil {
			row.time(l.At).text(l.Why).int(int(l.Claim))
		} else {
			row.time(time.Time{}).null(pgtype.TextOID).null(pgtype.Int4OID)
		}
	}
}

func (m *message) agentRow(n numbered[store.AgentWrite]) {
	p := n.value.New
	row := m.agents.add(12).int(n.change).text(string(p.ID))
	key := n.value.Key[:]
	if old := n.value.Old; old == nil {
		row.null(pgtype.Int8OID)
	} else {
		row.big(old.Version)
		if n.value.Key == (store.KeyDigest{}) {
			key = nil
		}
	}
	row.big(p.Version).bytes(key).text(m.changes[n.change].profiles[n.index]).
		bool(p.Suspended).bool(p.Hooked()).bool(p.Callable()).textOrNull(p.ExternalID).time(p.OldKeyUntil).bool(n.value.KeepOld)
}

func (m *message) talkRows() {
	for _, n := range inOrder(m.changes, func(c *prepared) []store.Result { return c.Results }, func(a, b *store.Result) int {
		return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(a.No, b.No))
	}) {
		m.results.add(4).int(n.change).text(string(n.value.Task)).int(n.value.No).text(n.value.Text)
	}
	for _, n := range each(m.changes, func(c *prepared) []store.Question { return c.Questions }) {
		q := n.value
		m.questions.add(8).int(n.change).text(string(q.ID)).text(string(q.Task)).text(string(q.Asker)).
			text(q.Text).text(q.Answer).time(q.CreatedAt).time(q.AnsweredAt)
	}
	for _, n := range each(m.changes, func(c *prepared) []store.Answer { return c.Answers }) {
		a := n.value
		m.answers.add(5).int(n.change).text(string(a.Question)).text(string(a.Task)).text(a.Text).time(a.At)
	}
	for _, n := range each(m.changes, func(c *prepared) []store.Message { return c.Messages }) {
		t := n.value
		m.messages.add(7).int(n.change).text(string(t.ID)).text(string(t.Task)).text(string(t.Sender)).
			text(string(t.Worker)).text(t.Text).time(t.CreatedAt)
	}
	for _, n := range each(m.changes, func(c *prepared) []store.Report { return c.Reports }) {
		m.reportRow(n, "")
	}
	for _, n := range each(m.changes, func(c *prepared) []store.Report { return c.Resolutions }) {
		m.reportRow(n, store.ReportOpen)
	}
}

func (m *message) reportRow(n numbered[store.Report], was store.ReportStatus) {
	r := n.value
	m.reports.add(10).int(n.change).text(string(r.ID)).text(string(r.Task)).text(string(r.Reporter)).text(r.Reason).
		textOrNull(string(was)).text(string(r.Status)).text(r.Note).time(r.CreatedAt).time(r.ResolvedAt)
}

// args are the parameters of the routine, in its order and in binary form.
func (m *message) args() ([][]byte, error) {
	args := [][]byte{nil, appendTime(nil, m.due), textArray(m.locks)}
	if m.token != "" {
		args[0] = []byte(m.token)
	}
	for _, t := range []*table{
		&m.records, &m.refs, &m.posted, &m.moved, &m.ends, &m.come, &m.move, &m.away, &m.counts, &m.agents, &m.roles, &m.results,
		&m.questions, &m.answers, &m.messages, &m.reports, &m.drops, &m.trust, &m.accounts, &m.more, &m.entries, &m.pays, &m.tags,
	} {
		args = append(args, t.array())
	}
	args = append(args, boolean(m.hooked), m.totals)
	if len(m.feed) == 0 {
		return append(args, nil, nil, nil, textArray(m.wants)), nil
	}
	items, err := json.Marshal(m.feed)
	if err != nil {
		return nil, fmt.Errorf("postgres: encoding the feed: %w", err)
	}
	count := binary.BigEndian.AppendUint32(nil, uint32(len(m.feed)))
	return append(args, appendTime(nil, m.feedAt), count, items, textArray(m.wants)), nil
}
