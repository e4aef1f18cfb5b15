package market

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Activity counts what happened in a span of time.
type Activity struct {
	// Start is when the span begins; it ends where the next one begins.
	Start Time `json:"start"`
	// Posted and Approved count tasks, Credits is what the approvals were charged, fees
	// included.
	Posted   int   `json:"posted"`
	Approved int   `json:"approved"`
	Credits  int64 `json:"credits"`
}

// activitySpans are how long the spans of Activity are, by the days that are asked for.
var activitySpans = map[int]time.Duration{1: time.Hour, 7: 6 * time.Hour, 30: 24 * time.Hour}

// spans are n spans of the same length, one after the other.
type spans struct {
	first  time.Time
	length time.Duration
	n      int
}

// spansTo are the spans of the last 1, 7 or 30 days, of which the last one is going on.
func spansTo(now time.Time, days int) (s spans, err error) {
	length, ok := activitySpans[days]
	if !ok {
		return s, rules.Invalid("days", "must be 1, 7 or 30")
	}
	s = spans{length: length, n: int(time.Duration(days) * rules.Day / length)}
	s.first = now.Truncate(length).Add(-time.Duration(s.n-1) * length)
	return s, nil
}

func (s spans) start(i int) Time { return NewTime(s.first.Add(time.Duration(i) * s.length)) }

// at is in which span an instant is.
func (s spans) at(t time.Time) (i int, is bool) {
	since := t.Sub(s.first)
	i = int(since / s.length)
	return i, since >= 0 && i < s.n
}

const (
	// historyDays is how far back Activity goes.
	historyDays = 30
	// historyPage is how many ended tasks are looked at in one read.
	historyPage = 1_000
	// keptLooks and liveLooks bound the tasks of each kind that are counted at once:
	// for good, and for an hour that is not over.
	keptLooks, liveLooks = 200_000, 2_000
	// settling is how long after an hour it is counted for good, so that what began in
	// it is written.
	settling = time.Minute
)

// pastHour is an hour in which a task was posted or ended, as it is kept.
type pastHour struct {
	// At is its beginning, in seconds since 1970.
	At       int64 `json:"at"`
	Posted   int   `json:"posted,omitempty"`
	Approved int   `json:"approved,omitempty"`
	Credits  int64 `json:"credits,omitempty"`
	// Seq is the number of the last task that is counted in it or before.
	Seq int64 `json:"seq"`
}

// end is the instant up to which everything is counted.
func (h pastHour) end() time.Time {
	if h == (pastHour{}) {
		return time.Time{}
	}
	return time.Unix(h.At, 0).UTC().Add(time.Hour)
}

// history is what this process has read of the hours that are kept, ascending; number is
// that of the last one in its chain.
type history struct {
	number int64
	hours  []pastHour
}

func (h history) last() pastHour {
	if len(h.hours) == 0 {
		return pastHour{}
	}
	return h.hours[len(h.hours)-1]
}

// Activity returns what happened in the last day by hours, in the last 7 days by quarters
// of a day, or in the last 30 by days, in UTC, the oldest span first; the last one is
// going on. System tasks are left out, and direct hires that have not been everybody's.
//
// Run counts each hour once for good, and prunes no such count; an hour of more than
// 200,000 approvals counts the last of them. Where nobody runs the market, the newest
// 2,000 tasks and the newest 2,000 approvals are counted when asked.
//
// Errors: ErrInvalid for other days than 1, 7 and 30; ErrUnavailable.
func (m *Market) Activity(ctx context.Context, days int) (_ []Activity, err error) {
	finish := m.meter.operation(&ctx, "activity")
	defer func() { finish(err) }()
	now := m.now()
	spans, err := spansTo(now, days)
	if err != nil {
		return nil, err
	}
	past, err := m.history(ctx)
	if err != nil {
		return nil, known(ctx, err)
	}
	live, err := m.tally(ctx, past.last(), now.Add(time.Hour), liveLooks)
	if err != nil {
		return nil, known(ctx, err)
	}
	list := make([]Activity, spans.n)
	for i := range list {
		list[i].Start = spans.start(i)
	}
	for _, h := range slices.Concat(past.hours, live) {
		if i, is := spans.at(time.Unix(h.At, 0)); is {
			a := &list[i]
			a.Posted, a.Approved, a.Credits = a.Posted+h.Posted, a.Approved+h.Approved, a.Credits+h.Credits
		}
	}
	return list, nil
}

// history returns the hours that are kept of the last 30 days. What this process has read
// of them before, it does not read again.
func (m *Market) history(ctx context.Context) (h history, err error) {
	if last := m.past.Load(); last != nil {
		h = *last
	}
	ends, err := m.ends(ctx, hoursChain)
	if err != nil {
		return h, err
	}
	newest := ends[0].number
	if newest < h.number {
		h = history{} // the store is not the one that it was
	}
	if newest == h.number {
		return h, nil
	}
	from := max(h.number, newest-historyDays*24)
	next := history{number: newest, hours: slices.Clone(h.hours)}
	for low := from; low < newest; low += store.MaxEach {
		var numbers []int64
		for n := low + 1; n <= min(low+store.MaxEach, newest); n++ {
			numbers = append(numbers, n)
		}
		elements, err := m.elements(ctx, hoursChain, numbers)
		if err != nil {
			return h, err
		}
		for _, data := range elements {
			hour, err := recall[pastHour](data)
			if err != nil {
				return h, err
			}
			next.hours = append(next.hours, hour)
		}
	}
	next.hours = next.hours[max(len(next.hours)-historyDays*24, 0):]
	m.past.Store(&next)
	return next, nil
}

// tally counts by hours what happened after last and before until, but at most the
// newest so many tasks and the newest so many endings. Hours without anything are left
// out.
func (m *Market) tally(ctx context.Context, last pastHour, until time.Time, most int64) ([]pastHour, error) {
	totals, err := m.store.Totals(ctx)
	if err != nil {
		return nil, err
	}
	t := tally{oldest: until.AddDate(0, 0, -historyDays).Truncate(time.Hour), until: until, seq: max(last.Seq, totals.Seq-most), hours: map[int64]*pastHour{}}
	t.since, t.from = later(t.oldest, last.end()), t.seq
	for more := true; more; {
		page, err := m.store.ScanTasks(ctx, t.seq, scanPage)
		if err != nil {
			return nil, err
		}
		more = t.posted(page)
	}
	for looked, more := 0, true; more && int64(looked) < most; {
		page, err := m.store.ScanEnded(ctx, historyPage, looked)
		if err != nil {
			return nil, err
		}
		looked += len(page)
		more = t.ended(page) && len(page) == historyPage
	}
	return t.list(), nil
}

// tally is a count under way.
type tally struct {
	// since is where the hours before end, oldest is before what nobody asks for.
	since, oldest, until time.Time
	// seq is the number of the last task that was counted as posted, running its hour, and
	// from that of the last one counted before.
	seq, from int64
	running   time.Time
	hours     map[int64]*pastHour
	// before are the ended tasks of the page before: what ends meanwhile shifts the pages,
	// so that a task may come twice.
	before map[TaskID]bool
}

func (t *tally) hour(at time.Time) *pastHour {
	key := at.Truncate(time.Hour).Unix()
	if t.hours[key] == nil {
		t.hours[key] = &pastHour{At: key}
	}
	return t.hours[key]
}

// posted counts tasks in the order of their numbers, and reports whether to go on. One
// that was written after others of a later hour counts in that, since everything up to
// an hour's Seq is counted in it or before.
func (t *tally) posted(page []store.StoredTask) (more bool) {
	for _, st := range page {
		if !st.Task.CreatedAt.Before(t.until) {
			return false
		}
		t.seq = st.Task.Seq
		if st.Task.CreatedAt.Before(t.oldest) {
			continue
		}
		t.running = later(later(t.since, t.running), st.Task.CreatedAt.Truncate(time.Hour))
		h := t.hour(t.running)
		h.Seq = t.seq
		if st.Task.Counted() {
			h.Posted++
		}
	}
	return len(page) > 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ended counts the approvals among tasks that have ended, the last one first, and
// reports whether to go on.
func (t *tally) ended(page []store.StoredTask) (more bool) {
	here := make(map[TaskID]bool, len(page))
	for _, st := range page {
		task := st.Task
		here[task.ID] = true
		at := task.Ending.At
		if at.Before(t.since) {
			return false
		}
		if !at.Before(t.until) || t.before[task.ID] {
			continue
		}
		if h := t.hour(at); task.Status == StatusApproved && task.Counted() {
			h.Approved++
			h.Credits += task.Ending.Charged
		}
	}
	t.before = here
	return true
}

// list returns the hours in ascending order, each with the number of the last task
// that is counted by then.
func (t *tally) list() []pastHour {
	list := make([]pastHour, 0, len(t.hours))
	seq := t.from
	for _, key := range slices.Sorted(maps.Keys(t.hours)) {
		h := *t.hours[key]
		seq = max(seq, h.Seq)
		h.Seq = seq
		list = append(list, h)
	}
	return list
}

// keepHistory counts the hours that are over for good. It takes a lease when there is
// something to count, and nothing is written for hours in which nothing happened.
func (m *Market) keepHistory(ctx context.Context, now time.Time) error {
	hour := now.Truncate(time.Hour)
	if hour.Equal(m.countedTo) || now.Sub(hour) < settling {
		return nil
	}
	past, err := m.history(ctx)
	if err != nil {
		return err
	}
	last := past.last()
	if last.end().Before(hour) {
		news, err := m.newsBetween(ctx, last, hour)
		if err != nil {
			return err
		}
		if news {
			mine, err := m.store.Lease(ctx, "history", m.name, now, now.Add(pruneEvery))
			if err != nil || !mine {
				return err
			}
			if err := m.appendHours(ctx, past, hour); err != nil {
				return err
			}
		}
	}
	m.countedTo = hour
	return nil
}

// newsBetween reports whether anything may have happened after the last hour that was
// counted and before until.
func (m *Market) newsBetween(ctx context.Context, last pastHour, until time.Time) (bool, error) {
	posted, err := m.store.ScanTasks(ctx, last.Seq, 1)
	if err != nil || len(posted) > 0 && posted[0].Task.CreatedAt.Before(until) {
		return err == nil, err
	}
	ended, err := m.store.ScanEnded(ctx, 1, 0)
	return err == nil && len(ended) > 0 && !ended[0].Task.Ending.At.Before(last.end()), err
}

// hoursAtOnce is how many hours one commit keeps.
const hoursAtOnce = 24

func (m *Market) appendHours(ctx context.Context, past history, until time.Time) error {
	hours, err := m.tally(ctx, past.last(), until, keptLooks)
	if err != nil {
		return err
	}
	number := past.number
	for some := range slices.Chunk(hours, hoursAtOnce) {
		c := &store.Change{At: until}
		for _, h := range some {
			number++
			c.Records = append(c.Records, hoursChain.record(number, rules.AsJSON(h)))
		}
		if _, err := m.store.Commit(ctx, c); err != nil {
			if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
				return nil // another replica has counted them
			}
			return err
		}
	}
	return nil
}
