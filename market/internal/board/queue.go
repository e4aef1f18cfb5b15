package board

import (
	"cmp"
	"slices"
	"sort"
)

// entry is a place in an order: by rank, then instant, then number.
type entry struct {
	at, seq int64
	// ref is the slot of a task, or the number of an agent.
	ref  uint32
	rank uint32
}

func (e entry) compare(f entry) int {
	return cmp.Or(cmp.Compare(e.rank, f.rank), cmp.Compare(e.at, f.at), cmp.Compare(e.seq, f.seq), cmp.Compare(e.ref, f.ref))
}

func (e entry) before(f entry) bool {
	switch {
	case e.rank != f.rank:
		return e.rank < f.rank
	case e.at != f.at:
		return e.at < f.at
	case e.seq != f.seq:
		return e.seq < f.seq
	}
	return e.ref < f.ref
}

// maxBlock bounds what an insertion has to move.
const maxBlock = 256

// queue is an ordered set of entries: blocks of neighbours, found by a bound
// below each. Tasks mostly come at the end and leave at the front, which costs
// next to nothing; anywhere else it costs two binary searches and a small
// move. The zero value is empty.
type queue struct {
	blocks [][]entry
	// bounds[i] is not after the first entry of blocks[i] and after the last
	// one of blocks[i-1].
	bounds []entry
	len    int
}

// first returns the first entry, if there is one.
func (q *queue) first() (entry, bool) {
	if q.len == 0 {
		return entry{}, false
	}
	return q.blocks[0][0], true
}

// block returns the index of the block in which e belongs.
func (q *queue) block(e entry) int {
	n := sort.Search(len(q.bounds), func(i int) bool { return e.before(q.bounds[i]) })
	return max(n-1, 0)
}

func (q *queue) insert(e entry) {
	q.len++
	if len(q.blocks) == 0 {
		q.blocks, q.bounds = append(q.blocks, []entry{e}), append(q.bounds, e)
		return
	}
	i := q.block(e)
	b := q.blocks[i]
	at := len(b)
	if !b[at-1].before(e) {
		at, _ = slices.BinarySearchFunc(b, e, entry.compare)
	}
	if len(b) < maxBlock {
		q.blocks[i] = slices.Insert(b, at, e)
		if e.before(q.bounds[i]) {
			q.bounds[i] = e
		}
		return
	}
	q.split(i, at, e)
}

// split inserts e into a full block at the index. A new last entry gets a block
// of its own, so that a queue that grows at its end has full blocks.
func (q *queue) split(i, at int, e entry) {
	b := q.blocks[i]
	if at == len(b) {
		q.blocks, q.bounds = slices.Insert(q.blocks, i+1, []entry{e}), slices.Insert(q.bounds, i+1, e)
		return
	}
	upper := append(make([]entry, 0, maxBlock), b[maxBlock/2:]...)
	q.blocks[i] = b[:maxBlock/2]
	q.blocks, q.bounds = slices.Insert(q.blocks, i+1, upper), slices.Insert(q.bounds, i+1, upper[0])
	q.len--
	q.insert(e)
}

// remove takes e out, if it is there.
func (q *queue) remove(e entry) {
	if q.len == 0 {
		return
	}
	i := q.block(e)
	b := q.blocks[i]
	at := 0
	if b[0] != e {
		var ok bool
		if at, ok = slices.BinarySearchFunc(b, e, entry.compare); !ok {
			return
		}
	}
	q.len--
	if at == 0 {
		q.blocks[i] = b[1:]
	} else {
		q.blocks[i] = slices.Delete(b, at, at+1)
	}
	q.tidy(i)
}

// tidy drops an empty block and joins a sparse one with its neighbour.
func (q *queue) tidy(i int) {
	n := len(q.blocks[i])
	switch {
	case n == 0 && i == 0:
		q.blocks[0] = nil
		q.blocks, q.bounds = q.blocks[1:], q.bounds[1:]
	case n == 0:
		q.drop(i)
	case n < maxBlock/8 && i > 0 && n+len(q.blocks[i-1]) <= maxBlock/2:
		q.blocks[i-1] = append(q.blocks[i-1], q.blocks[i]...)
		q.drop(i)
	}
	if len(q.blocks) == 0 {
		*q = queue{}
	}
}

func (q *queue) drop(i int) {
	q.blocks, q.bounds = slices.Delete(q.blocks, i, i+1), slices.Delete(q.bounds, i, i+1)
}

// all yields the entries in order. The queue may not change meanwhile.
func (q *queue) all(yield func(entry) bool) {
	for _, b := range q.blocks {
		for _, e := range b {
			if !yield(e) {
				return
			}
		}
	}
}

// cursor walks through a queue that does not change.
type cursor struct {
	rest  [][]entry
	block []entry
}

func (q *queue) cursor() cursor {
	if q.len == 0 {
		return cursor{}
	}
	return cursor{q.blocks[1:], q.blocks[0]}
}

// peek returns the entry under the cursor; false at the end.
func (c *cursor) peek() (entry, bool) {
	if len(c.block) == 0 {
		return entry{}, false
	}
	return c.block[0], true
}

func (c *cursor) advance() {
	if c.block = c.block[1:]; len(c.block) == 0 && len(c.rest) > 0 {
		c.block, c.rest = c.rest[0], c.rest[1:]
	}
}
