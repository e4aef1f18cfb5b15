package directory

import "math/bits"

// planes counts for many slots at once: bit i of the words of planes[p] is bit
// p of the count of slot i. So a feature that many agents have is added to 64
// counts in a few instructions, and the slots with a certain count are found
// as fast.
type planes [][]uint64

const (
	// countBits bounds counts below 256.
	countBits = 8
	// maxShift is how far what is added may be shifted; the planes above
	// countBits stay empty.
	maxShift = 3
	// atOnce is how many sets addSets adds together.
	atOnce = 8
)

// sized returns empty planes of so many words, made of p if it is large enough.
func (p planes) sized(words int) planes {
	if len(p) == 0 || cap(p[0]) < words {
		p = make(planes, countBits+maxShift)
		for i := range p {
			p[i] = make([]uint64, words, words+words/4)
		}
		return p
	}
	for i := range p {
		p[i] = p[i][:words]
		clear(p[i])
	}
	return p
}

// addSets adds 1<<shift to the counts of the slots in each set: eight sets at a
// time through a tree of full adders. None is an empty set as long as the
// planes; the sets are as long, or shorter.
func (p planes) addSets(sets [][]uint64, none []uint64, shift int) {
	words := len(p[0])
	for i, s := range sets {
		if len(s) < words {
			sets[i] = append(make([]uint64, 0, words), s...)[:words]
		}
	}
	for len(sets)%atOnce > 0 {
		sets = append(sets, none[:words])
	}
	for ; len(sets) > 0; sets = sets[atOnce:] {
		p.addEight([atOnce][]uint64(sets), shift, words)
	}
}

func (p planes) addEight(s [atOnce][]uint64, shift, words int) {
	s0, s1, s2, s3 := s[0][:words], s[1][:words], s[2][:words], s[3][:words]
	s4, s5, s6, s7 := s[4][:words], s[5][:words], s[6][:words], s[7][:words]
	p0, p1, p2, p3 := p[shift][:words], p[shift+1][:words], p[shift+2][:words], p[shift+3][:words]
	above := p[shift+4 : shift+countBits]
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

// addSlots adds 1<<shift to the counts of listed slots.
func (p planes) addSlots(slots []uint32, shift int) {
	first := p[shift]
	for _, slot := range slots {
		i, bit := slot/64, uint64(1)<<(slot%64)
		w := first[i]
		first[i] = w ^ bit
		if w&bit != 0 {
			p.carry(i, bit, shift+1)
		}
	}
}

// carry adds 1<<shift to the count of one slot.
func (p planes) carry(i uint32, bit uint64, shift int) {
	for _, plane := range p[shift:] {
		w := plane[i]
		plane[i] = w ^ bit
		if w&bit == 0 {
			return
		}
	}
}

// highest returns the highest count of all slots. It uses set, as long as the
// planes.
func (p planes) highest(set []uint64) (count int) {
	for i := range set {
		set[i] = ^uint64(0)
	}
	for n := len(p) - 1; n >= 0; n-- {
		var some uint64
		plane := p[n][:len(set)]
		for i, w := range plane {
			some |= w & set[i]
		}
		if some == 0 {
			continue
		}
		count |= 1 << n
		for i, w := range plane {
			set[i] &= w
		}
	}
	return count
}

// equal yields the slots with exactly that count, which is above 0 and fits
// the planes. High counts are rare, so the highest planes come first.
func (p planes) equal(count int) func(yield func(uint32) bool) {
	flip := make([]uint64, len(p))
	for n := range p {
		flip[n] = uint64(count>>n&1) - 1
	}
	return func(yield func(uint32) bool) {
		for i, w := range p[len(p)-1] {
			set := w ^ flip[len(p)-1]
			for n := len(p) - 2; n >= 0 && set != 0; n-- {
				set &= p[n][i] ^ flip[n]
			}
			for ; set != 0; set &= set - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(set))) {
					return
				}
			}
		}
	}
}
