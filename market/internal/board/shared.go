package board

import "github.com/pinchwork/pinchwork/market/internal/tally"

// shared counts how many of an agent's capabilities each open task has among
// its tags.
type shared struct {
	// When many tasks share a tag, many holds the counts; otherwise few does, and
	// touched are the slots where few is not 0.
	crowded bool
	many    tally.Tally
	few     []uint8
	touched []uint32
	// highest is the highest count.
	highest uint8
}

// crowdedFrom is the share of slots with a shared tag, 1 in this many, from
// which on bits are faster.
const crowdedFrom = 16

// count counts along the lists of the tags, of so many slots in all.
func (s *shared) count(tags []*tag, slots int) {
	total := 0
	for _, t := range tags {
		total += len(t.open)
	}
	if s.crowded = total > slots/crowdedFrom; s.crowded {
		s.countMany(tags, slots)
	} else {
		s.countFew(tags, slots)
	}
}

func (s *shared) countMany(tags []*tag, slots int) {
	s.many.Reset(slots, len(tags))
	var sets [][]uint64
	for _, t := range tags {
		if t.bits != nil {
			sets = append(sets, t.bits)
		} else {
			s.many.AddSlots(t.open, 0)
		}
	}
	s.many.AddSets(sets, 0)
	s.highest = uint8(s.many.Highest())
}

func (s *shared) countFew(tags []*tag, slots int) {
	for _, slot := range s.touched {
		s.few[slot] = 0
	}
	s.touched, s.highest = s.touched[:0], 0
	if len(s.few) < slots {
		s.few = make([]uint8, slots+slots/4)
	}
	for _, t := range tags {
		for _, slot := range t.open {
			n := s.few[slot] + 1
			s.few[slot] = n
			s.highest = max(s.highest, n)
			if n == 1 {
				s.touched = append(s.touched, slot)
			}
		}
	}
}

// of returns the count of a slot.
func (s *shared) of(slot uint32) uint8 {
	if s.crowded {
		return uint8(s.many.Of(slot))
	}
	return s.few[slot]
}

// size counts the slots with n shared tags, n being above 0.
func (s *shared) size(n uint8) (size int) {
	if s.crowded {
		return s.many.Size(int(n))
	}
	for _, slot := range s.touched {
		if s.few[slot] == n {
			size++
		}
	}
	return size
}

// between yields the slots with low to high shared tags, low being above 0.
func (s *shared) between(low, high uint8, yield func(slot uint32, n uint8) bool) {
	if !s.crowded {
		for _, slot := range s.touched {
			if n := s.few[slot]; n >= low && n <= high && !yield(slot, n) {
				return
			}
		}
		return
	}
	for n := high; n >= low; n-- {
		for slot := range s.many.Equal(int(n)) {
			if !yield(slot, n) {
				return
			}
		}
	}
}

// byShared takes the tasks of phase 2: most shared tags first, then as
// candidate.ahead says. It counts along the lists of the agent's capabilities,
// then looks at the tasks level by level, from the highest count down.
func (v *view[V]) byShared(found []candidate, want int) ([]candidate, bool) {
	tags := make([]*tag, len(v.capabilities))
	for i, n := range v.capabilities {
		tags[i] = &v.board.tags.list[n]
	}
	v.scratch.shared.count(tags, len(v.board.tasks))
	for high := v.scratch.shared.highest; high > 0 && len(found) < want; {
		low, level := v.level(high, want-len(found))
		if v.steps < 0 || v.tired() {
			return nil, false
		}
		found, high = append(found, level...), low-1
	}
	ok := v.takeShared(&found, want, 0)
	return found, ok
}

// level returns the best tasks with high shared tags down to low. When there
// is a crowd it is likely that the first posters by reputation have enough of
// them, and worth a part of the time that comparing all of them takes.
func (v *view[V]) level(high uint8, want int) (low uint8, level []candidate) {
	for low = max(high-1, 1); low <= high; low++ {
		if level, ok := v.compare(low, high, want, v.board.limits.crowd+2*want); ok {
			return low, level
		}
	}
	crowd := v.scratch.shared.size(high)
	if v.within(crowd/2+16*want, func() bool { return v.takeShared(&level, want, high) }) {
		return high, level
	}
	level, _ = v.compare(high, high, want, crowd)
	return high, level
}

// compare returns the best of all tasks with low to high shared tags, unless
// these are more than limit, or the steps ran out in looking whether tasks
// pass the filters.
func (v *view[V]) compare(low, high uint8, want, limit int) ([]candidate, bool) {
	if !v.counted(low, high, limit) {
		return nil, false
	}
	best, filtered := top{want: want}, v.filtered()
	for _, l := range v.scratch.level {
		c := v.candidate(l.slot, 2, 0, l.shared)
		if !best.admits(&c) {
			continue
		}
		if filtered {
			if v.steps--; v.steps < 0 || v.tired() {
				return nil, false
			}
		}
		if phase, _, ok := v.phase(l.slot); ok && phase == 2 && v.passes(l.slot) {
			best.add(c)
		}
	}
	return best.sorted(), true
}

// levelled is a slot with its count of shared tags.
type levelled struct {
	slot   uint32
	shared uint8
}

// counted collects the slots with low to high shared tags, unless they are more
// than limit.
func (v *view[V]) counted(low, high uint8, limit int) bool {
	level := v.scratch.level[:0]
	v.scratch.shared.between(low, high, func(slot uint32, n uint8) bool {
		level = append(level, levelled{slot, n})
		return len(level) <= limit
	})
	v.scratch.level = level
	return len(level) <= limit
}

// takeShared takes tasks with exactly so many shared tags, by reputation.
func (v *view[V]) takeShared(found *[]candidate, want int, shared uint8) bool {
	counts := &v.scratch.shared
	return v.take(found, want, 2, v.byReputation, func(slot uint32) bool { return counts.of(slot) == shared })
}
