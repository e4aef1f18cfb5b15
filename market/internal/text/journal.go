package text

import "iter"

// journaled is how many entries a journal remembers: far more than are written
// while a search has released the lock.
const journaled = 1 << 14

// journal remembers the numbers that were written to it lately, so that a
// search that has looked at everything once needs to look only at these.
type journal struct {
	ring    []uint32
	written int
}

func (j *journal) write(n uint32) {
	if len(j.ring) < journaled {
		j.ring = append(j.ring, n)
	} else {
		j.ring[j.written%journaled] = n
	}
	j.written++
}

// since yields what was written after this many entries; false when some of it
// has been forgotten.
func (j *journal) since(entries int) (numbers iter.Seq[uint32], complete bool) {
	return func(yield func(uint32) bool) {
		for i := entries; i < j.written; i++ {
			if !yield(j.ring[i%journaled]) {
				return
			}
		}
	}, j.written-entries <= len(j.ring)
}
