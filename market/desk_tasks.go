package market

import (
	"context"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/store"
)

// AllTasksQuery selects tasks in any state for the operator; limit 1–100, default 20.
type AllTasksQuery struct {
	// Filter holds Tags that must all be there, and Search: terms that need or context
	// must contain, or the id of a task.
	Filter
	// Status is "" for all.
	Status Status
	// Poster and Worker, the current or last one, are "" for anybody.
	Poster, Worker AgentID
	// Reported leaves only tasks about which a report is open, EverReported those about
	// which one is kept, closed ones too; System only system tasks, which are left out otherwise.
	Reported, EverReported, System bool
	Page
}

// TaskSummary is a task in the operator's list.
type TaskSummary struct {
	TaskID TaskID `json:"task_id"`
	Status Status `json:"status"`
	// Need is cut to 200 characters.
	Need           string     `json:"need"`
	MaxCredits     int64      `json:"max_credits"`
	CreditsCharged int64      `json:"credits_charged,omitempty"`
	Tags           []string   `json:"tags"`
	PosterID       AgentID    `json:"poster_id"`
	WorkerID       AgentID    `json:"worker_id,omitempty"`
	RejectionCount int        `json:"rejection_count"`
	CreatedAt      Time       `json:"created_at"`
	ClaimedAt      Time       `json:"claimed_at,omitzero"`
	DeliveredAt    Time       `json:"delivered_at,omitzero"`
	EndedAt        Time       `json:"ended_at,omitzero"`
	SystemTaskType SystemType `json:"system_task_type,omitempty"`
	ParentTaskID   TaskID     `json:"parent_task_id,omitempty"`
}

const maxSummary = 200

// TaskSummaries is a page of tasks, newest first, or with Reported or EverReported in the order
// of the reports. Total says what there was to look through: Poster, Worker and Reported are
// looked up, for everything else one answer looks through at most 1,000 tasks, or 1 MiB of texts when it searches them.
type TaskSummaries struct {
	Tasks []TaskSummary `json:"tasks"`
	Total int           `json:"total"`
	// NextOffset is where to go on while there are more to look through, else 0.
	NextOffset int `json:"next_offset,omitempty"`
	// Matches is how many tasks the query selects from the offset on, and with MatchesMore at
	// least how many. The tasks of one poster, and from the beginning the open ones of a status,
	// are always counted, else those that the answer looks through.
	Matches     int  `json:"matches"`
	MatchesMore bool `json:"matches_more,omitempty"`
}

const (
	// lookedPiece is how many tasks one read takes, maxLooked how many one answer looks
	// through.
	lookedPiece = 100
	maxLooked   = 1_000
	// maxLookedBytes bounds the texts that one answer searches: folding them is the work.
	maxLookedBytes = 1 << 20
)

// AllTasks lists tasks in any state for the operator (rule 15.4). It settles nothing.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) AllTasks(ctx context.Context, q AllTasksQuery) (list TaskSummaries, err error) {
	finish := m.meter.operation(&ctx, "tasks")
	defer func() { finish(err) }()
	if err := q.check(); err != nil {
		return list, err
	}
	l := looking{m: m, q: q, terms: text.Terms(q.Search), list: TaskSummaries{Tasks: []TaskSummary{}}}
	if strings.HasPrefix(q.Search, "tk-") && len(l.terms) == 1 {
		l.terms, l.q.System = nil, q.System || q.Status == ""
		err = l.named(ctx, TaskID(q.Search))
		return l.list, err
	}
	from, err := m.sourceOf(ctx, &q)
	if err != nil {
		return list, err
	}
	if err = l.through(ctx, from); err == nil {
		err = m.countOpen(ctx, &q, &l.list)
	}
	return l.list, err
}

// countOpen counts the tasks of an open status from the totals, where they were not.
func (m *Market) countOpen(ctx context.Context, q *AllTasksQuery, list *TaskSummaries) error {
	if !list.MatchesMore || q.Offset > 0 || !q.plain() || q.Poster != "" || q.Worker != "" || q.Status == "" || q.Status.Ended() {
		return nil
	}
	totals, err := m.store.Totals(ctx)
	if n := int(totals.All()[q.Status]); err == nil && totals.Sealed != nil && n >= list.Matches {
		list.Matches, list.MatchesMore = n, false // which may be some seconds old
	}
	return known(ctx, err)
}

// plain reports whether the tasks are selected by their parties and their status alone.
func (q *AllTasksQuery) plain() bool {
	return !q.Reported && !q.EverReported && !q.System && len(q.Tags) == 0 && q.Search == ""
}

func (q *AllTasksQuery) check() (err error) {
	q.Search = strings.TrimSpace(q.Search)
	if q.Filter, err = checkFilter(q.Filter); err != nil {
		return err
	}
	if q.Status != "" && !slices.Contains(Statuses(), q.Status) {
		return rules.Invalid("status", "must be one of posted, claimed, delivered, approved, expired, cancelled")
	}
	for name, id := range map[string]AgentID{"poster": q.Poster, "worker": q.Worker} {
		if err := rules.CheckText(name, string(id), maxFilter); err != nil {
			return err
		}
	}
	q.Page, err = checkPage(q.Page, 20, 100)
	return err
}

// selects says whether a task is one of those, but for its text.
func (q *AllTasksQuery) selects(t *store.Task) bool {
	switch {
	case q.System != (t.System != nil), q.Status != "" && t.Status != q.Status,
		q.Poster != "" && t.Poster != q.Poster, q.Worker != "" && t.Worker() != q.Worker:
		return false
	}
	return hasTags(t.Tags, q.Tags)
}

// looking is a look through tasks, a piece at a time.
type looking struct {
	m     *Market
	q     AllTasksQuery
	terms []string
	list  TaskSummaries
	bytes int
	// public leaves only what everybody may know of.
	public bool
}

func (l *looking) selects(t *store.Task) bool {
	return l.q.selects(t) && (!l.public || t.Counted() && !l.m.withheld(t))
}

// named finds the task of an id.
func (l *looking) named(ctx context.Context, id TaskID) error {
	found, err := l.m.store.Tasks(ctx, []TaskID{id})
	if err != nil {
		return known(ctx, err)
	}
	for _, st := range found {
		l.q.System = st.Task.System != nil
		if l.q.selects(st.Task) && l.q.Offset == 0 {
			l.list.Tasks, l.list.Total, l.list.Matches = append(l.list.Tasks, summaryOf(&st)), 1, 1
		}
	}
	return nil
}

// through looks until the page is full and the rest of what may be looked through is
// counted, or enough was looked through.
func (l *looking) through(ctx context.Context, from taskSource) error {
	looked := 0
	for offset := l.q.Offset; ; {
		p, err := from(ctx, offset)
		if err != nil {
			return known(ctx, err)
		}
		l.list.Total = p.total
		full, err := l.take(ctx, &p)
		if err != nil {
			return err
		}
		looked += p.next - offset
		offset = p.next
		switch {
		case l.all(&p):
			l.list.Matches = max(p.total-l.q.Offset, 0)
			return nil
		case full && len(l.terms) > 0 && l.list.NextOffset > 0:
			l.list.MatchesMore = true
			return nil
		case offset >= p.total:
			return nil
		case full && (l.public || p.texts), looked >= maxLooked:
			l.list.MatchesMore = true
			if !full {
				l.list.NextOffset = offset
			}
			return nil
		}
	}
}

// all reports whether the query selects all that the source has.
func (l *looking) all(p *taskPiece) bool {
	return !l.public && p.texts && l.q.plain() && l.q.Worker == "" && l.q.Poster != "" && l.q.Poster != Platform
}

// take adds what is selected of a piece, and reports whether the page is full. What comes
// after that is counted where that takes no text.
func (l *looking) take(ctx context.Context, p *taskPiece) (full bool, err error) {
	var some []placed
	for i, st := range p.tasks {
		if l.selects(st.Task) {
			some = append(some, placed{st, p.places[i]})
		}
	}
	for some := range slices.Chunk(some, offerPiece) {
		if l.full() {
			if len(l.terms) == 0 {
				l.list.Matches += len(some)
			}
			continue
		}
		if !p.texts {
			if err := l.m.readTexts(ctx, some); err != nil {
				return false, err
			}
		}
		for i := range some {
			l.look(&some[i], p.total)
		}
	}
	return l.full(), nil
}

// full reports whether nothing is added any more.
func (l *looking) full() bool { return len(l.list.Tasks) == l.q.Limit || l.bytes > maxLookedBytes }

// look adds a task if its text is what is looked for, and says where to go on when that
// makes the page full.
func (l *looking) look(t *placed, total int) {
	if l.full() {
		if len(l.terms) == 0 {
			l.list.Matches++
		}
		return
	}
	if contains(l.readable(&t.Text), l.terms) {
		l.list.Tasks = append(l.list.Tasks, summaryOf(&t.StoredTask))
		l.list.Matches++
	}
	if len(l.terms) > 0 {
		l.bytes += len(t.Text.Need) + len(t.Text.Context)
	}
	if next := t.place + 1; l.full() && next < total {
		l.list.NextOffset = next
	}
}

// placed is a task with its offset in a list.
type placed struct {
	store.StoredTask
	place int
}

// readable is as much of a text as may be searched.
func (l *looking) readable(t *store.TaskText) *store.TaskText {
	if l.public {
		return &store.TaskText{Need: PublicNeed(t.Need)}
	}
	return t
}

func (m *Market) readTexts(ctx context.Context, some []placed) error {
	ids := make([]TaskID, len(some))
	for i := range some {
		ids[i] = some[i].Task.ID
	}
	read, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return known(ctx, err)
	}
	for _, st := range read {
		for i := range some {
			if some[i].Task.ID == st.Task.ID {
				some[i].Text = st.Text
			}
		}
	}
	return nil
}

// contains says whether a task's text has all terms.
func contains(t *store.TaskText, terms []string) bool {
	if len(terms) == 0 {
		return true
	}
	need, context := text.Fold(t.Need), text.Fold(t.Context)
	for _, term := range terms {
		if !strings.Contains(need, term) && !strings.Contains(context, term) {
			return false
		}
	}
	return true
}

func summaryOf(st *store.StoredTask) TaskSummary {
	t := st.Task
	v := TaskSummary{
		TaskID: t.ID, Status: t.Status, Need: rules.Cut(st.Text.Need, maxSummary), MaxCredits: t.MaxCredits, Tags: tagList(t.Tags),
		PosterID: t.Poster, WorkerID: t.Worker(), RejectionCount: int(t.Rejections), CreatedAt: NewTime(t.CreatedAt),
	}
	if t.Claim != nil {
		v.ClaimedAt = NewTime(t.Claim.At)
	}
	if t.Delivery != nil {
		v.DeliveredAt, v.CreditsCharged = NewTime(t.Delivery.At), t.Delivery.Charged
	}
	if t.Ending != nil {
		v.EndedAt, v.CreditsCharged = NewTime(t.Ending.At), t.Ending.Charged
	}
	if t.System != nil {
		v.SystemTaskType, v.ParentTaskID = t.System.Type, t.System.Parent
	}
	return v
}

// Summaries returns what the ids' tasks are in the operator's list; those that are not kept
// are missing. More than 100 ids are not looked up.
//
// Errors: ErrUnavailable.
func (m *Market) Summaries(ctx context.Context, ids ...TaskID) (_ map[TaskID]TaskSummary, err error) {
	finish := m.meter.operation(&ctx, "summaries")
	defer func() { finish(err) }()
	summaries := map[TaskID]TaskSummary{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	ids = slices.DeleteFunc(ids, func(id TaskID) bool { return id == "" })
	for some := range slices.Chunk(ids[:min(len(ids), lookedPiece)], offerPiece) {
		found, err := m.store.Tasks(ctx, some)
		if err != nil {
			return nil, known(ctx, err)
		}
		for i := range found {
			summaries[found[i].Task.ID] = summaryOf(&found[i])
		}
	}
	return summaries, nil
}
