package market

import (
	"context"
	"math"
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// TrackDays is how an agent has worked in the last days, for its owner and for operators
// alone: unlike Track it names tasks and parties (rule 2.17).
type TrackDays struct {
	Days int `json:"days"`
	// Spans are as long as those of Activity, oldest first; the last one is going on. Whole
	// is all of them together.
	Spans []SpanOfWork `json:"spans"`
	Whole SpanOfWork   `json:"whole"`
	// Tasks are the agent's that ended in these days, as worker and as poster, the last one
	// first: at most 50 of the Ended ones.
	Tasks []TaskSummary `json:"tasks"`
	Ended int           `json:"ended"`
	// Looked is how many of the agent's newest tasks were looked through, those posted since
	// Since. More says that there are older ones, which are not counted.
	Looked int  `json:"looked"`
	Since  Time `json:"since,omitzero"`
	More   bool `json:"more,omitempty"`
}

// SpanOfWork is what of an agent's tasks was approved in a span of time.
type SpanOfWork struct {
	Start Time `json:"start"`
	// Worked counts the tasks that it did, and Kept those of them that were never sent back
	// to it; Posted counts the tasks that it gave to others.
	Worked int `json:"worked"`
	Kept   int `json:"kept"`
	Posted int `json:"posted"`
	// Earned is what it was paid, after fees, Spent what was charged for its own tasks.
	Earned int64 `json:"earned"`
	Spent  int64 `json:"spent"`
	// MinutesToDeliver is the median time from the claim to the delivery that was
	// approved, nil without any.
	MinutesToDeliver *float64 `json:"median_minutes_to_deliver"`
	// Ratings are those received on these tasks, 1–5, oldest first.
	Ratings []int `json:"ratings"`
}

const (
	// daysTasks and daysBytes bound what is looked through, and daysListed what is listed.
	daysTasks  = 1_000
	daysBytes  = 4 << 20
	daysListed = 50
)

// TrackDays returns how an agent has worked in the last 1, 7 or 30 days, by the instants at
// which its tasks ended. Its newest 1,000 tasks are looked through, system tasks among
// them, fewer where the texts are long; the platform and unknown ids are ErrNotFound. It
// settles nothing.
//
// Errors: ErrInvalid for other days, ErrNotFound, ErrUnavailable.
func (m *Market) TrackDays(ctx context.Context, id AgentID, days int) (_ TrackDays, err error) {
	finish := m.meter.operation(&ctx, "track days")
	defer func() { finish(err) }()
	spans, err := spansTo(m.now(), days)
	if err != nil {
		return TrackDays{}, err
	}
	if _, err := m.tracked(ctx, id); err != nil {
		return TrackDays{}, err
	}
	t := TrackDays{Days: days, Spans: make([]SpanOfWork, spans.n), Tasks: []TaskSummary{}}
	ended, err := m.endedOf(ctx, id, spans, &t)
	if err != nil {
		return TrackDays{}, known(ctx, err)
	}
	each := make([][]*store.Task, spans.n)
	for _, task := range ended {
		i, _ := spans.at(task.Ending.At)
		each[i] = append(each[i], task)
	}
	for i := range each {
		t.Spans[i] = spanOfWork(spans.start(i), id, each[i])
	}
	t.Whole = spanOfWork(spans.start(0), id, ended)
	return t, nil
}

// endedOf are the tasks of an agent that ended in the spans, the first one first, and fills
// in which they are and how they were found.
func (m *Market) endedOf(ctx context.Context, id AgentID, in spans, t *TrackDays) (ended []*store.Task, err error) {
	from := m.tasksOf(store.TasksQuery{Agent: id, Role: PartyAny})
	last := int64(math.MaxInt64)
	for bytes := 0; ; {
		p, err := from(ctx, t.Looked)
		if err != nil {
			return nil, err
		}
		for i := range p.tasks {
			st := &p.tasks[i]
			bytes += textBytes(&st.Text)
			if st.Task.Seq >= last || st.Task.Ending == nil {
				continue // of the page before, if a task was posted meanwhile
			}
			if _, is := in.at(st.Task.Ending.At); is {
				ended, t.Tasks = append(ended, st.Task), append(t.Tasks, summaryOf(st))
			}
		}
		if n := len(p.tasks); n > 0 {
			last, t.Since = p.tasks[n-1].Task.Seq, NewTime(p.tasks[n-1].Task.CreatedAt)
			t.Looked += n
		}
		if t.More = p.next < p.total; !t.More || t.Looked >= daysTasks || bytes >= daysBytes {
			break
		}
	}
	slices.SortStableFunc(ended, func(a, b *store.Task) int { return a.Ending.At.Compare(b.Ending.At) })
	slices.SortStableFunc(t.Tasks, func(a, b TaskSummary) int { return b.EndedAt.Compare(a.EndedAt.Time) })
	t.Ended = len(t.Tasks)
	t.Tasks = slices.Clone(t.Tasks[:min(t.Ended, daysListed)])
	return ended, nil
}

func textBytes(t *store.TaskText) int { return len(t.Need) + len(t.Context) + len(t.Result) }

// spanOfWork adds up what an agent did and had done.
func spanOfWork(start Time, id AgentID, ended []*store.Task) SpanOfWork {
	s := SpanOfWork{Start: start}
	var rated, delivered, posted []*store.Task
	for _, t := range ended {
		switch {
		case t.Status != StatusApproved:
		case t.Poster == id:
			s.Posted, s.Spent = s.Posted+1, s.Spent+t.Ending.Charged
			posted = append(posted, t)
		default:
			s.Worked, s.Earned = s.Worked+1, s.Earned+t.Ending.Charged-t.Ending.Fee
			rated = append(rated, t)
			if t.Rejection == nil {
				s.Kept++
			}
			if t.Claim != nil && t.Delivery != nil {
				delivered = append(delivered, t)
			}
		}
	}
	s.MinutesToDeliver, s.Ratings = medianOf(delivered, timeToDeliver), ratingsOf(rated, posted)
	return s
}
