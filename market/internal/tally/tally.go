// Package tally counts, for a great many slots at once, in how many sets each
// of them is.
//
//	var t tally.Tally
//	t.Reset(slots, 20)           // counts up to 20
//	t.AddSets(sets, 0)           // sets as bits: 64 slots in a few instructions
//	t.AddSlots(list, 0)          // sets as lists
//	for slot := range t.Equal(t.Highest()) {
//	}
package tally

import (
	"iter"
	"math/bits"
)

const (
	// Limit is above every count.
	Limit = 1 << countBits
	// MaxShift is how far what is added may be shifted.
	MaxShift  = 3
	countBits = 11
	// atOnce is how many sets AddSets adds together; up to oneByOne that are left it
	// adds alone.
	atOnce, oneByOne = 8, 3
)

// Words returns how many words have a bit for each slot. It grows in steps, so
// that most sets have the same number at any time.
func Words(slots int) int { return (slots/64 + 64) &^ 63 }

// SetBit sets the bit of a slot, and lengthens the set to Words when that is
// needed.
func SetBit(set []uint64, slot uint32) []uint64 {
	if n := Words(int(slot) + 1); n > len(set) {
		set = append(set, make([]uint64, n-len(set))...)
	}
	set[slot/64] |= 1 << (slot % 64)
	return set
}

// Tally holds a count for each slot: bit i of the words of planes[p] is bit p
// of the count of slot i. So a set of bits is added to 64 counts in a few
// instructions, and the slots with a certain count are found as fast. The zero
// value is empty; use Reset first.
type Tally struct {
	// used are the planes that may have bits; those beyond have none.
	planes [][]uint64
	used   int
	// set is for Highest; none stays empty.
	set, none []uint64
}

// Reset sets the counts of this many slots to 0. No count may then exceed most,
// which is below Limit.
func (t *Tally) Reset(slots, most int) {
	words := Words(slots)
	if len(t.none) != words && cap(t.none) < words {
		t.planes = make([][]uint64, countBits+MaxShift)
		for i := range t.planes {
			t.planes[i] = make([]uint64, words+words/4)
		}
		t.set, t.none = make([]uint64, words+words/4), make([]uint64, words+words/4)
	}
	for i, p := range t.planes {
		if i < t.used {
			clear(p[:cap(p)])
		}
		t.planes[i] = p[:words]
	}
	t.set, t.none, t.used = t.set[:words], t.none[:words], bits.Len(uint(most))
}

// AddSets adds 1<<shift to the counts of the slots in each set: eight sets at a
// time through a tree of full adders. Sets may be shorter than there are slots,
// and not longer than their Words.
func (t *Tally) AddSets(sets [][]uint64, shift int) {
	words := len(t.none)
	for i, s := range sets {
		if len(s) < words {
			sets[i] = append(make([]uint64, 0, words), s...)[:words]
		}
	}
	for rest := len(sets) % atOnce; rest > oneByOne && rest < atOnce; rest++ {
		sets = append(sets, t.none)
	}
	for ; len(sets) >= atOnce; sets = sets[atOnce:] {
		t.addEight([atOnce][]uint64(sets), shift, words)
	}
	for _, s := range sets {
		t.addOne(s, t.planes[shift:])
	}
}

// addOne adds a set.
func (t *Tally) addOne(s []uint64, p [][]uint64) {
	words := len(t.none)
	s = s[:words]
	p0, p1, p2, above := p[0][:words], p[1][:words], p[2][:words], p[3:]
	for i, ones := range s {
		twos := p0[i] & ones
		fours := p1[i] & twos
		eights := p2[i] & fours
		p0[i], p1[i], p2[i] = p0[i]^ones, p1[i]^twos, p2[i]^fours
		for n := 0; eights != 0; n++ {
			above[n][i], eights = above[n][i]^eights, above[n][i]&eights
		}
	}
}

func (t *Tally) addEight(s [atOnce][]uint64, shift, words int) {
	s0, s1, s2, s3 := s[0][:words], s[1][:words], s[2][:words], s[3][:words]
	s4, s5, s6, s7 := s[4][:words], s[5][:words], s[6][:words], s[7][:words]
	p := t.planes[shift:]
	p0, p1, p2, p3 := p[0][:words], p[1][:words], p[2][:words], p[3][:words]
	above := p[4:countBits]
	for i := range words {
		ones, twos, fours := p0[i], p1[i], p2[i]
		twosA, ones := add(ones, s0[i], s1[i])
		twosB, ones := add(ones, s2[i], s3[i])
		foursA, twos := add(twos, twosA, twosB)
		twosA, ones = add(ones, s4[i], s5[i])
		twosB, ones = add(ones, s6[i], s7[i])
		foursB, twos := add(twos, twosA, twosB)
		eights, fours := add(fours, foursA, foursB)
		p0[i], p1[i], p2[i] = ones, twos, fours
		if eights == 0 {
			continue
		}
		p3[i], eights = p3[i]^eights, p3[i]&eights
		for n := 0; eights != 0; n++ {
			above[n][i], eights = above[n][i]^eights, above[n][i]&eights
		}
	}
}

// add adds three bits in each position.
func add(a, b, c uint64) (carry, sum uint64) {
	u := a ^ b
	return a&b | u&c, u ^ c
}

// AddSlots adds 1<<shift to the counts of listed slots.
func (t *Tally) AddSlots(slots []uint32, shift int) {
	first := t.planes[shift]
	for _, slot := range slots {
		i, bit := slot/64, uint64(1)<<(slot%64)
		w := first[i]
		first[i] = w ^ bit
		if w&bit != 0 {
			t.carry(i, bit, shift+1)
		}
	}
}

// carry adds 1<<shift to the count of one slot.
func (t *Tally) carry(i uint32, bit uint64, shift int) {
	for _, plane := range t.planes[shift:] {
		w := plane[i]
		plane[i] = w ^ bit
		if w&bit == 0 {
			return
		}
	}
}

// Of returns the count of one slot.
func (t *Tally) Of(slot uint32) (count int) {
	for n, p := range t.planes[:t.used] {
		count |= int(p[slot/64]>>(slot%64)&1) << n
	}
	return count
}

// Highest returns the highest count of all slots.
func (t *Tally) Highest() (count int) {
	for i := range t.set {
		t.set[i] = ^uint64(0)
	}
	for n := t.used - 1; n >= 0; n-- {
		var some uint64
		plane := t.planes[n][:len(t.set)]
		for i, w := range plane {
			some |= w & t.set[i]
		}
		if some == 0 {
			continue
		}
		count |= 1 << n
		for i, w := range plane {
			t.set[i] &= w
		}
	}
	t.used = bits.Len(uint(count))
	return count
}

// Equal yields the slots with exactly that count, which is above 0, in
// ascending order.
func (t *Tally) Equal(count int) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, set := range t.equal(count) {
			for ; set != 0; set &= set - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(set))) {
					return
				}
			}
		}
	}
}

// Band yields the slots whose count, without its lowest bits, is n, which is above 0,
// in ascending order.
func (t *Tally) Band(n, lowest int) iter.Seq[uint32] {
	top := Tally{planes: t.planes[min(lowest, t.used):], used: max(t.used-lowest, 0)}
	return top.Equal(n)
}

// Size counts the slots with exactly that count, which is above 0.
func (t *Tally) Size(count int) (n int) {
	for _, set := range t.equal(count) {
		n += bits.OnesCount64(set)
	}
	return n
}

// equal yields the words in which a slot has that count, with the bits of these
// slots. High counts are rare, so the highest planes come first.
func (t *Tally) equal(count int) iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		if bits.Len(uint(count)) > t.used {
			return
		}
		p := t.planes[:t.used]
		var flip [countBits]uint64
		for n := range p {
			flip[n] = uint64(count>>n&1) - 1
		}
		for i := range p[0] {
			set := ^uint64(0)
			for n := len(p) - 1; n >= 0 && set != 0; n-- {
				set &= p[n][i] ^ flip[n]
			}
			if set != 0 && !yield(i, set) {
				return
			}
		}
	}
}
