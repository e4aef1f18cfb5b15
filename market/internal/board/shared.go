package board

import "encoding/binary"

// byShared takes the tasks of phase 2: most shared tags first, then as
// candidate.ahead says. It counts along the lists of the agent's capabilities,
// then looks at the tasks level by level, from the highest count down.
func (v *view[V]) byShared(found []candidate, want int) ([]candidate, bool) {
	highest, dense := v.count()
	defer v.uncount(dense)
	for high := highest; high > 0 && len(found) < want; {
		low, level := v.level(high, dense, want-len(found))
		if v.steps < 0 {
			return nil, false
		}
		found, high = append(found, level...), low-1
	}
	ok := v.takeShared(&found, want, 0)
	return found, ok
}

// count counts the shared tags of all open tasks. Dense means that so many
// have some that it is faster to look at all counters than to note which.
func (v *view[V]) count() (highest uint8, dense bool) {
	s, lists, total := v.scratch, make([][]uint32, len(v.capabilities)), 0
	for i, n := range v.capabilities {
		lists[i] = v.board.tags.list[n].open
		total += len(lists[i])
	}
	slots := (len(v.board.tasks) + 7) &^ 7
	if cap(s.shared) < slots {
		s.shared = make([]uint8, slots+slots/4)
	}
	s.shared = s.shared[:slots]
	if dense = total > slots/16; dense {
		return countDense(s.shared, lists), true
	}
	highest, s.touched = countSparse(s.shared, lists, s.touched[:0])
	return highest, false
}

func countDense(shared []uint8, lists [][]uint32) (highest uint8) {
	for _, list := range lists {
		for _, slot := range list {
			n := shared[slot] + 1
			shared[slot] = n
			highest = max(highest, n)
		}
	}
	return highest
}

func countSparse(shared []uint8, lists [][]uint32, touched []uint32) (uint8, []uint32) {
	var highest uint8
	for _, list := range lists {
		for _, slot := range list {
			n := shared[slot] + 1
			shared[slot] = n
			highest = max(highest, n)
			if n == 1 {
				touched = append(touched, slot)
			}
		}
	}
	return highest, touched
}

func (v *view[V]) uncount(dense bool) {
	if dense {
		clear(v.scratch.shared)
		return
	}
	for _, slot := range v.scratch.touched {
		v.scratch.shared[slot] = 0
	}
}

// level returns the best tasks with high shared tags down to low. When there
// is a crowd it is likely that the first posters by reputation have enough of
// them; otherwise all are compared.
func (v *view[V]) level(high uint8, dense bool, want int) (low uint8, level []candidate) {
	for low = max(high-1, 1); low <= high; low++ {
		if level, ok := v.compare(low, high, dense, want, v.board.limits.crowd+2*want); ok {
			return low, level
		}
	}
	if v.within(len(v.board.tasks)/64+16*want, func() bool { return v.takeShared(&level, want, high) }) {
		return high, level
	}
	level, _ = v.compare(high, high, dense, want, len(v.board.tasks))
	return high, level
}

// compare returns the best of all tasks with low to high shared tags, unless
// these are more than limit, or the steps ran out in looking whether tasks
// pass the filters.
func (v *view[V]) compare(low, high uint8, dense bool, want, limit int) ([]candidate, bool) {
	slots, ok := v.counted(low, high, dense, limit)
	if !ok {
		return nil, false
	}
	best, filtered := top{want: want}, v.filtered()
	for _, slot := range slots {
		c := v.candidate(slot, 2, 0, v.scratch.shared[slot])
		if !best.admits(&c) {
			continue
		}
		if filtered {
			if v.steps--; v.steps < 0 {
				return nil, false
			}
		}
		if phase, _, ok := v.phase(slot); ok && phase == 2 && v.passes(slot) {
			best.add(c)
		}
	}
	return best.sorted(), true
}

// counted returns the slots with low to high shared tags, unless they are more
// than limit. They are good until the next call.
func (v *view[V]) counted(low, high uint8, dense bool, limit int) ([]uint32, bool) {
	level, shared := v.scratch.level[:0], v.scratch.shared
	add := func(slot uint32) bool {
		if n := shared[slot]; n >= low && n <= high {
			level = append(level, slot)
		}
		return len(level) <= limit
	}
	if dense {
		scan(shared, low, add)
	} else {
		eachOf(v.scratch.touched, add)
	}
	v.scratch.level = level
	return level, len(level) <= limit
}

const (
	highBits = 0x8080808080808080
	lowBits  = 0x0101010101010101
)

// scan yields the indexes of all counters that are at least low, and may yield
// others that are at least 128. It looks at eight at a time: adding 128 − low to seven bits sets the eighth. The length is a
// multiple of 8.
func scan(shared []uint8, low uint8, yield func(uint32) bool) {
	add := uint64(128-min(low, 128)) * lowBits
	for i := 0; i+8 <= len(shared); i += 8 {
		w := binary.LittleEndian.Uint64(shared[i:])
		for hits := (w&^highBits + add | w) & highBits; hits != 0; hits &= hits - 1 {
			if !yield(uint32(i + trailing(hits)/8)) {
				return
			}
		}
	}
}

// takeShared takes tasks with exactly so many shared tags, by reputation.
func (v *view[V]) takeShared(found *[]candidate, want int, shared uint8) bool {
	counts := v.scratch.shared
	return v.take(found, want, 2, v.byReputation, func(slot uint32) bool { return counts[slot] == shared })
}
