package board

import "github.com/pinchwork/pinchwork/market/internal/text"

// slotSet is a set of slots: a map while it is small, bits once these take
// less. The zero value is empty.
type slotSet struct {
	few  map[uint32]struct{}
	bits []uint64
	len  int
}

// bitsFrom is the share of slots, 1 in this many, from which on bits are used.
const bitsFrom = 64

func (s *slotSet) has(slot uint32) bool {
	if s.bits == nil {
		_, ok := s.few[slot]
		return ok
	}
	return int(slot/64) < len(s.bits) && s.bits[slot/64]>>(slot%64)&1 != 0
}

// add puts in a slot that is not there; slots is how many there are at all.
func (s *slotSet) add(slot uint32, slots int) {
	if s.len++; s.bits == nil {
		if s.few == nil {
			s.few = map[uint32]struct{}{}
		}
		if s.few[slot] = struct{}{}; s.len*bitsFrom > slots && s.len > bitsFrom {
			s.toBits(slots)
		}
		return
	}
	s.setBit(slot)
}

func (s *slotSet) setBit(slot uint32) {
	if n := int(slot/64) + 1; n > len(s.bits) {
		s.bits = append(s.bits, make([]uint64, n-len(s.bits))...)
	}
	s.bits[slot/64] |= 1 << (slot % 64)
}

func (s *slotSet) toBits(slots int) {
	s.bits = make([]uint64, slots/64+1)
	for slot := range s.few {
		s.setBit(slot)
	}
	s.few = nil
}

// remove takes out a slot that is there.
func (s *slotSet) remove(slot uint32) {
	s.len--
	if s.bits == nil {
		delete(s.few, slot)
		return
	}
	s.bits[slot/64] &^= 1 << (slot % 64)
	if s.len*bitsFrom*4 < len(s.bits)*64 {
		s.toMap()
	}
}

func (s *slotSet) toMap() {
	s.few = make(map[uint32]struct{}, s.len)
	s.all(func(slot uint32) bool { s.few[slot] = struct{}{}; return true })
	s.bits = nil
}

// all yields the slots in no order.
func (s *slotSet) all(yield func(uint32) bool) {
	for slot := range s.few {
		if !yield(slot) {
			return
		}
	}
	text.Bits(s.bits)(yield)
}
