package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// station is a queue whose lanes end when the test says so.
type station struct {
	*testing.T
	*queue
	started chan []*ticket
}

func newStation(t *testing.T, lanes int) *station {
	s := &station{T: t, started: make(chan []*ticket, 10)}
	s.queue = newQueue(lanes, func(group []*ticket) { s.started <- group })
	return s
}

// arrives lets a ticket wait that touches the names; one that ends in "!" is touched
// by nobody else.
func (s *station) arrives(names ...string) *ticket {
	t := &ticket{done: make(chan outcome, 1)}
	for _, name := range names {
		if sole := name[len(name)-1] == '!'; sole {
			t.keys = append(t.keys, key{name[:len(name)-1], true})
		} else {
			t.keys = append(t.keys, key{name, false})
		}
	}
	s.enter([]*ticket{t})
	return t
}

func (s *station) are(group []*ticket, want ...*ticket) {
	s.Helper()
	if len(group) != len(want) {
		s.Fatalf("%d travel together, want %d", len(group), len(want))
	}
	for i := range want {
		if group[i] != want[i] {
			s.Errorf("number %d is another one", i)
		}
	}
}

func TestNobodyWaitsForCompany(t *testing.T) {
	s := newStation(t, 2)
	first, second := s.arrives("a"), s.arrives("b")
	seen := map[*ticket]bool{}
	for range 2 {
		for _, one := range <-s.started {
			seen[one] = true
		}
	}
	if !seen[first] || !seen[second] {
		t.Error("one waits though a lane is free")
	}
}

func TestWhoHasWaitedTravelsTogether(t *testing.T) {
	s := newStation(t, 1)
	first := s.arrives("a")
	s.are(<-s.started, first)
	second, third := s.arrives("a", "b"), s.arrives("b", "c")
	s.are(s.arrive([]*ticket{first}), second, third)
	if next := s.arrive([]*ticket{second, third}); next != nil || s.free != 1 || len(s.under) != 0 {
		t.Errorf("left over: %d, %d lanes, %v", len(next), s.free, s.under)
	}
}

// What a ticket alone may touch is touched by one at a time, and who waits for it is
// not overtaken by others that touch the same.
func TestSoleKeysTravelOneByOne(t *testing.T) {
	s := newStation(t, 1)
	first := s.arrives("x")
	<-s.started
	second, third, fourth, fifth := s.arrives("a!", "b"), s.arrives("a", "c"), s.arrives("c"), s.arrives("b")
	s.are(s.arrive([]*ticket{first}), second, fifth)
	s.are(s.arrive([]*ticket{second, fifth}), third, fourth)
}

// A commit that touches what another lane has under way waits for it.
func TestLanesShareNothing(t *testing.T) {
	s := newStation(t, 2)
	first := s.arrives("a")
	s.are(<-s.started, first)
	second, third := s.arrives("a", "b"), s.arrives("c")
	s.are(<-s.started, third)
	s.are(s.arrive([]*ticket{first}), second)
}

func TestMoreThanTheBoundTakeTheNextTurn(t *testing.T) {
	s := newStation(t, 1)
	first := s.arrives("a")
	<-s.started
	for range maxTogether + 1 {
		s.arrives("b")
	}
	group := s.arrive([]*ticket{first})
	if len(group) != maxTogether || len(s.waiting) != 1 {
		t.Errorf("%d travel together and %d wait", len(group), len(s.waiting))
	}
}

func TestWhoGivesUpIsLeftBehind(t *testing.T) {
	s := newStation(t, 1)
	first := s.arrives("a")
	<-s.started
	second := s.arrives("a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out := s.await(ctx, second); !errors.Is(out.err, context.Canceled) {
		t.Errorf("the outcome is %+v", out)
	}
	if next := s.arrive([]*ticket{first}); next != nil {
		t.Error("it travelled")
	}
}

// Every part of a Change that is replaced, and not only added to, has a sole key:
// so that a guard is asked of what was there before the group.
func TestWhatIsReplacedTravelsAlone(t *testing.T) {
	task := &store.Task{ID: "tk-1", Poster: "ag-1"}
	for name, c := range map[string]*store.Change{
		"a task":     {Tasks: []store.TaskWrite{{New: task}}},
		"talk":       {Talk: []store.TalkCount{{Task: "tk-1"}}},
		"texts":      {Drop: []store.TextRef{{Task: "tk-1"}}},
		"a profile":  {Agents: []store.AgentWrite{{New: &store.Profile{ID: "ag-1"}}}},
		"strikes":    {Strikes: []store.StrikeWrite{{Agent: "ag-1"}}},
		"system pay": {SystemPays: []store.SystemPayWrite{{Agent: "ag-1"}}},
		"trust":      {Trust: []store.TrustWrite{{New: store.TrustPair{From: "ag-1", To: "ag-2"}}}},
		"a role":     {Roles: []store.RoleWrite{{Task: "tk-1", Agent: "ag-1"}}},
		"a result":   {Results: []store.Result{{Task: "tk-1", No: 1}}},
		"a question": {Questions: []store.Question{{ID: "q-1"}}},
		"an answer":  {Answers: []store.Answer{{Question: "q-1"}}},
		"a message":  {Messages: []store.Message{{ID: "m-1"}}},
		"a report":   {Reports: []store.Report{{ID: "r-1"}}},
		"resolution": {Resolutions: []store.Report{{ID: "r-1"}}},
		"a record":   {Idempotency: &store.IdempotencyRecord{}},
		"a transfer": {Transfers: []store.Transfer{{Task: "tk-1"}}},
	} {
		q := newQueue(1, nil)
		twice := &ticket{keys: keysOf(c)}
		q.waiting = []*ticket{twice, {keys: keysOf(c)}}
		if group := q.next(); len(group) != 1 {
			t.Errorf("%s: %d travel together", name, len(group))
		}
	}
}
