package directory

import "math/bits"

// planes counts for many slots at once: bit i of the words of planes[p] is bit
// p of the count of slot i. So a feature that many agents have is added to 64
// counts in a few instructions, and the slots with a certain count are found
// as fast.
type planes [][]uint64

// maxPlanes bounds counts below 256.
const maxPlanes = 8

func newPlanes(p planes, words int) planes {
	if len(p) == 0 || len(p[0]) < words {
		p = make(planes, maxPlanes)
		all := make([]uint64, maxPlanes*(words+words/4))
		for i := range p {
			p[i] = all[i*len(all)/maxPlanes : (i+1)*len(all)/maxPlanes]
		}
		return p
	}
	for i := range p {
		clear(p[i])
	}
	return p
}

// addBits adds 1<<from to the counts of the slots whose bits are set.
func (p planes) addBits(set []uint64, from int) {
	for i, carry := range set {
		for _, plane := range p[from:] {
			if carry == 0 {
				break
			}
			plane[i], carry = plane[i]^carry, plane[i]&carry
		}
	}
}

// addSlots does the same for listed slots.
func (p planes) addSlots(slots []uint32, from int) {
	for _, slot := range slots {
		bit := uint64(1) << (slot % 64)
		for _, plane := range p[from:] {
			w := plane[slot/64]
			plane[slot/64] = w ^ bit
			if w&bit == 0 {
				break
			}
		}
	}
}

// highest returns the highest count of all slots, and uses set for it.
func (p planes) highest(set []uint64) (count int) {
	for i := range set {
		set[i] = ^uint64(0)
	}
	for n := len(p) - 1; n >= 0; n-- {
		var any uint64
		for i, w := range p[n][:len(set)] {
			any |= w & set[i]
		}
		if any == 0 {
			continue
		}
		count |= 1 << n
		for i, w := range p[n][:len(set)] {
			set[i] &= w
		}
	}
	return count
}

// equal yields the slots with exactly that count, of so many words.
func (p planes) equal(count, words int) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for i := range words {
			set := ^uint64(0)
			for n, plane := range p {
				set &= plane[i] ^ (uint64(count>>n&1) - 1)
			}
			for ; set != 0; set &= set - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(set))) {
					return
				}
			}
		}
	}
}
