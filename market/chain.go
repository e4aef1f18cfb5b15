package market

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// chain names a list that only grows: element n, from 1, is a record of its own, which
// is kept beside the outcomes of repeated requests. That a record must be new makes
// those who append at once take turns; where the list ends is found by looking for
// numbers that there are.
type chain string

// The chains. Those of a filter hold numbers of the log's entries.
const (
	operatorsChain chain = "operators"
	actionsChain   chain = "actions"
	hoursChain     chain = "hours"
	auditsChain    chain = "audits"
)

func (c chain) id(n int64) store.IdempotencyID {
	return store.IdempotencyID{Caller: Platform, Operation: string("chain of " + c), Key: strconv.FormatInt(n, 10)}
}

// link is an element of a chain; number 0 is before the first.
type link struct {
	chain  chain
	number int64
	data   []byte
}

// next is the record that makes data the element after l.
func (l link) next(data string) *store.IdempotencyRecord { return l.chain.record(l.number+1, data) }

func (c chain) record(n int64, data string) *store.IdempotencyRecord {
	return &store.IdempotencyRecord{IdempotencyID: c.id(n), Outcome: []byte(data), ExpiresAt: rules.Never}
}

// end is where a search for the end of a chain has come to: low is there, high, unless
// it is 0, is not.
type end struct {
	link
	high int64
}

// found reports whether the end is known, and read.
func (e *end) found() bool { return e.high == e.number+1 && (e.number == 0 || e.data != nil) }

// probes are numbers whose presence narrows the search: close to where it began at
// first, since few were appended meanwhile.
func (e *end) probes(n int64) (list []int64) {
	if e.number > 0 && e.data == nil {
		list, n = append(list, e.number), n-1
	}
	if e.high == 0 {
		for step := int64(1); int64(len(list)) < min(n, maxDoublings); step *= 2 {
			list = append(list, e.number+step)
		}
		return list
	}
	gap := e.high - e.number - 1
	for i := range min(gap, n) {
		list = append(list, e.number+1+i*gap/min(gap, n))
	}
	return list
}

// anyTime is the instant at which is read what no instant changes, such as chains.
var anyTime = time.Unix(0, 0).UTC()

// maxDoublings is how far beyond what is known a search looks at once: far more than
// anybody appends.
const maxDoublings = 40

func (e *end) learn(number int64, data []byte) {
	switch {
	case data != nil && number >= e.number:
		e.number, e.data = number, data
	case data == nil && number <= e.number:
		// What this process has seen is gone, so the store is not the one that it was.
		e.number, e.data, e.high = 0, nil, number
	case data == nil && (e.high == 0 || number < e.high):
		e.high = number
	}
}

// ends returns the last elements of chains. Its cost grows with the logarithm of their
// lengths; of one that this process has seen the end of it is one round trip.
func (m *Market) ends(ctx context.Context, chains ...chain) ([]link, error) {
	ends := make([]end, len(chains))
	for i, c := range chains {
		ends[i].link = link{chain: c, number: m.seen.of(c)}
	}
	for {
		asked, ids := unfinished(ends)
		if len(ids) == 0 {
			break
		}
		l, err := m.store.Load(ctx, store.LoadQuery{Now: anyTime, Records: ids})
		if err != nil {
			return nil, known(ctx, err)
		}
		there := make(map[store.IdempotencyID][]byte, len(l.Records))
		for _, r := range l.Records {
			there[r.IdempotencyID] = r.Outcome
		}
		for i, numbers := range asked {
			for _, n := range numbers {
				ends[i].learn(n, there[ends[i].chain.id(n)])
			}
		}
	}
	links := make([]link, len(ends))
	for i := range ends {
		links[i] = ends[i].link
		m.seen.note(links[i])
	}
	return links, nil
}

func unfinished(ends []end) (asked [][]int64, ids []store.IdempotencyID) {
	asked = make([][]int64, len(ends))
	left := int64(0)
	for i := range ends {
		if !ends[i].found() {
			left++
		}
	}
	for i := range ends {
		if ends[i].found() {
			continue
		}
		asked[i] = ends[i].probes(store.MaxEach / left)
		for _, n := range asked[i] {
			ids = append(ids, ends[i].chain.id(n))
		}
	}
	return asked, ids
}

// seen remembers where this process has found the ends of the chains that are asked
// for most, so that they are looked for from there.
type seen struct{ operators, actions, hours, audits atomic.Int64 }

func (s *seen) place(c chain) *atomic.Int64 {
	switch c {
	case operatorsChain:
		return &s.operators
	case actionsChain:
		return &s.actions
	case hoursChain:
		return &s.hours
	case auditsChain:
		return &s.audits
	}
	return new(atomic.Int64)
}

func (s *seen) of(c chain) int64 { return s.place(c).Load() }

func (s *seen) note(l link) { s.place(l.chain).Store(l.number) }

// elements reads elements of a chain, at most store.MaxEach, in the order asked for.
func (m *Market) elements(ctx context.Context, c chain, numbers []int64) ([][]byte, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	ids := make([]store.IdempotencyID, len(numbers))
	for i, n := range numbers {
		ids[i] = c.id(n)
	}
	l, err := m.store.Load(ctx, store.LoadQuery{Now: anyTime, Records: ids})
	if err != nil {
		return nil, known(ctx, err)
	}
	list := make([][]byte, len(l.Records))
	for i, r := range l.Records {
		list[i] = r.Outcome
	}
	return list, nil
}
