package market

import (
	"context"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Position is a place in the log of everything that happens in a marketplace. It is
// opaque, means the same to all processes on the store, and may be kept for as long as
// events are.
type Position string

const (
	// FromOldest is the place before the oldest event that is kept.
	FromOldest Position = ""
	// FromNow is the place before what is committed from the call on.
	FromNow Position = "now"
)

// LoggedEvent is an event of any agent, Event.Agent, with the place after it.
type LoggedEvent struct {
	Position Position
	Event
}

// EventList is a page of the log of all events.
type EventList struct {
	Events []LoggedEvent
	// Next is the place after the page: from there follows what comes next.
	Next Position
	// More is true when something follows already.
	More bool
}

// heldFor is how long Events waits, in real time, before it looks again for an event
// that is about to appear before others.
const heldFor = 20 * time.Millisecond

// Events yields everything that happens in the marketplace after a position, for
// programs that export, count or index it: each event once for each agent that gets
// it, in one order that is the same for every reader and keeps each agent's own. It
// goes on with what is committed on any replica, until ctx ends or an error comes,
// which is the last thing that it yields. Whoever goes on from the Position of the
// event that it handled last misses nothing and gets nothing twice, on whichever
// replica. Nobody's action is an event for themselves, so a task that is posted and
// waits is not told of: what an agent sees of it is.
//
// While nothing happens, all iterators of a process together ask the store about once
// a second.
//
// Errors: ErrEventsGone when events after the position are no longer kept, or the store
// does not know it; ErrInvalid for a malformed one, and inside a host's transaction;
// ErrUnavailable.
func (m *Market) Events(ctx context.Context, after Position) iter.Seq2[LoggedEvent, error] {
	return func(yield func(LoggedEvent, error) bool) {
		ear := m.ear.listen(everybody)
		defer ear.stop()
		page, err := m.beginLog(ctx, after)
		for {
			if err != nil {
				yield(LoggedEvent{}, err)
				return
			}
			for i := range page.events {
				if !yield(loggedEvent(&page.events[i]), nil) {
					return
				}
			}
			if err = ear.waitForLog(ctx, &page); err == nil {
				page, err = m.readLog(ctx, page.next, streamBatch)
			}
		}
	}
}

// waitForLog waits for what follows a page, if it is not there yet.
func (l *listener) waitForLog(ctx context.Context, page *logPage) error {
	if page.more && !page.held {
		return nil
	}
	l.knows(max(page.head, page.next.number))
	var c calls
	if page.held {
		c.read = time.After(heldFor)
	}
	if l.wait(ctx, c) == callOff {
		return context.Cause(ctx)
	}
	return nil
}

// EventsPage returns a page of what Events yields, without waiting. Limit 1–100,
// default 100. A page may end early, also with More; Next is where to go on.
//
// Errors: as Events.
func (m *Market) EventsPage(ctx context.Context, after Position, limit int) (_ EventList, err error) {
	finish := m.meter.operation(&ctx, "log")
	defer func() { finish(err) }()
	p, err := checkPage(Page{Limit: limit}, streamBatch, streamBatch)
	if err != nil {
		return EventList{}, err
	}
	page, err := m.logFrom(ctx, after, p.Limit)
	if err != nil {
		return EventList{}, err
	}
	n := fitting(len(page.events), func(i int) int { return eventSize(&page.events[i].Data) })
	list := EventList{Events: make([]LoggedEvent, n), Next: page.next.position(), More: page.more || n < len(page.events)}
	for i := range n {
		list.Events[i] = loggedEvent(&page.events[i])
		list.Next = list.Events[i].Position
	}
	return list, nil
}

func eventSize(d *EventData) int {
	n := textSize(d.Feedback, d.Answer)
	for key, value := range d.Metadata {
		n += textSize(key, value)
	}
	return n
}

// beginLog is the first read of an iterator.
func (m *Market) beginLog(ctx context.Context, after Position) (_ logPage, err error) {
	finish := m.meter.operation(&ctx, "follow")
	defer func() { finish(err) }()
	return m.logFrom(ctx, after, streamBatch)
}

func (m *Market) logFrom(ctx context.Context, after Position, limit int) (logPage, error) {
	if m.hosted {
		return logPage{}, rules.Invalid("after", "means nothing inside a transaction")
	}
	if after == FromNow {
		return m.endOfLog(ctx)
	}
	from, err := parsePosition(after)
	if err != nil {
		return logPage{}, err
	}
	return m.readLog(ctx, from, limit)
}

// logPlace is what a Position says: the number of an event, 0 for none, and its
// instant. By that a store that has lost its newest events, and gave their numbers
// again, is told from one that has not.
type logPlace struct {
	number, at int64
	oldest     bool
}

func placeOf(e *store.LoggedEvent) logPlace {
	return logPlace{number: e.Number, at: e.At.UnixMicro()}
}

func loggedEvent(e *store.LoggedEvent) LoggedEvent {
	return LoggedEvent{Position: placeOf(e).position(), Event: ownEvent(e.Event)}
}

func (p logPlace) position() Position {
	if p.oldest {
		return FromOldest
	}
	return Position(strconv.FormatInt(p.number, 10) + "-" + strconv.FormatInt(p.at, 10))
}

func parsePosition(s Position) (p logPlace, err error) {
	if s == FromOldest {
		return logPlace{oldest: true}, nil
	}
	number, at, _ := strings.Cut(string(s), "-")
	p.number, err = strconv.ParseInt(number, 10, 64)
	if err == nil {
		p.at, err = strconv.ParseInt(at, 10, 64)
	}
	if err != nil || p.number < 0 || p.position() != s {
		return p, rules.Invalid("after", "is not a position")
	}
	return p, nil
}

// logPage is a piece of the log, with the place after it.
type logPage struct {
	events []store.LoggedEvent
	next   logPlace
	head   int64
	// more says that something follows already; held, that it does not show yet.
	more, held bool
}

// readLog reads what follows a place. The event at the place is read as well while it
// is kept: it shows that this is the log that the place belongs to.
func (m *Market) readLog(ctx context.Context, from logPlace, limit int) (logPage, error) {
	after, before := from.number, 0
	if from.number > 0 {
		after, before = from.number-1, 1
	}
	read, err := m.store.EventLog(ctx, after, limit+before+1)
	if err != nil {
		return logPage{}, known(ctx, err)
	}
	switch {
	case from.oldest || from.number == read.Pruned:
	case from.number < read.Pruned || !begins(read.Events, from):
		return logPage{}, errEventsGone
	default:
		read.Events = read.Events[1:]
	}
	page := logPage{events: read.Events, next: from, head: read.Head, held: read.Held}
	if page.more = read.Held; len(page.events) > limit {
		page.events, page.more, page.held = page.events[:limit], true, false
	}
	if n := len(page.events); n > 0 {
		page.next = placeOf(&page.events[n-1])
	} else if from.oldest {
		page.next = logPlace{number: read.Pruned}
	}
	return page, nil
}

func begins(events []store.LoggedEvent, at logPlace) bool {
	return len(events) > 0 && placeOf(&events[0]) == at
}

// endOfLog is the place after what is there, without events.
func (m *Market) endOfLog(ctx context.Context) (logPage, error) {
	end, err := m.store.EventLog(ctx, math.MaxInt64, 0)
	if err != nil {
		return logPage{}, known(ctx, err)
	}
	last := logPlace{number: end.Head}
	if end.Head > 0 {
		read, err := m.store.EventLog(ctx, end.Head-1, 1)
		if err != nil {
			return logPage{}, known(ctx, err)
		}
		if len(read.Events) > 0 && read.Events[0].Number == end.Head {
			last = placeOf(&read.Events[0])
		}
	}
	return logPage{next: last, head: end.Head}, nil
}

// everybody is whom the listeners of the whole log listen for.
const everybody AgentID = ""

// heads is EventHeads, and for everybody the head of the whole log.
func (m *Market) heads(ctx context.Context, ids []AgentID) (map[AgentID]Head, error) {
	all := slices.Index(ids, everybody)
	if all < 0 {
		return m.EventHeads(ctx, ids)
	}
	heads := map[AgentID]Head{}
	if ids = slices.Delete(slices.Clone(ids), all, all+1); len(ids) > 0 {
		var err error
		if heads, err = m.EventHeads(ctx, ids); err != nil {
			return nil, err
		}
	}
	end, err := m.store.EventLog(ctx, math.MaxInt64, 0)
	heads[everybody] = Head{Seq: end.Head}
	return heads, known(ctx, err)
}

var errEventsGone = rules.Refuse(CodeEventsGone, "Events after this position are no longer kept")
