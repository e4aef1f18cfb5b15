package board

import "slices"

// candidate is a task with all that its place among offers depends on.
type candidate struct {
	phase      uint8
	shared     uint8
	slot, rank uint32
	reputation float64
	trust      float64
	at, seq    int64
}

// ahead reports whether c comes before d (rule 6.3).
func (c *candidate) ahead(d *candidate) bool {
	switch {
	case c.phase != d.phase:
		return c.phase < d.phase
	case c.rank != d.rank:
		return c.rank < d.rank
	case c.shared != d.shared:
		return c.shared > d.shared
	case c.reputation != d.reputation:
		return c.reputation > d.reputation
	case c.trust != d.trust:
		return c.trust > d.trust
	case c.at != d.at:
		return c.at < d.at
	case c.seq != d.seq:
		return c.seq < d.seq
	}
	return c.slot < d.slot
}

// top keeps the best candidates: a heap with the worst of them at its root.
type top struct {
	want int
	heap []candidate
}

// admits reports whether c is among the best so far.
func (t *top) admits(c *candidate) bool {
	return len(t.heap) < t.want || t.want > 0 && c.ahead(&t.heap[0])
}

// add puts in a candidate that is admitted.
func (t *top) add(c candidate) {
	if len(t.heap) < t.want {
		t.heap = append(t.heap, c)
		t.up(len(t.heap) - 1)
		return
	}
	t.heap[0] = c
	t.down(0)
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[parent].ahead(&t.heap[i]) {
			return
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.heap); child++ {
			if t.heap[worst].ahead(&t.heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// sorted returns the candidates, best first, and leaves nothing.
func (t *top) sorted() []candidate {
	out := t.heap
	t.heap = nil
	slices.SortFunc(out, func(c, d candidate) int {
		if c.ahead(&d) {
			return -1
		}
		return 1
	})
	return out
}
