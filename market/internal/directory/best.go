package directory

import "slices"

// best keeps the first few of many things in an order: a heap with the last of
// them at its root.
type best[T any] struct {
	want   int
	before func(a, b T) bool
	heap   []T
}

// last returns the last of the first few, once there are as many.
func (b *best[T]) last() (t T, full bool) {
	if len(b.heap) < b.want || b.want == 0 {
		return t, b.want <= 0
	}
	return b.heap[0], true
}

// add takes t if it is among the first.
func (b *best[T]) add(t T) {
	switch {
	case b.want <= 0:
	case len(b.heap) < b.want:
		b.heap = append(b.heap, t)
		b.up(len(b.heap) - 1)
	case b.before(t, b.heap[0]):
		b.heap[0] = t
		b.down()
	}
}

func (b *best[T]) up(i int) {
	h := b.heap
	for i > 0 {
		parent := (i - 1) / 2
		if !b.before(h[parent], h[i]) {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func (b *best[T]) down() {
	h := b.heap
	for i := 0; ; {
		last := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if b.before(h[last], h[child]) {
				last = child
			}
		}
		if last == i {
			return
		}
		h[i], h[last] = h[last], h[i]
		i = last
	}
}

// sorted returns what was kept, first to last.
func (b *best[T]) sorted() []T {
	slices.SortFunc(b.heap, func(x, y T) int {
		if b.before(x, y) {
			return -1
		}
		return 1
	})
	return b.heap
}
