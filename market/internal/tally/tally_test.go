package tally

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// someSet draws a set of slots, as a list and as bits.
func someSet(t *rapid.T, slots int) (list []uint32, bits []uint64) {
	list = rapid.SliceOfNDistinct(rapid.Uint32Range(0, uint32(slots-1)), 0, min(slots, 40), rapid.ID[uint32]).Draw(t, "set")
	for _, slot := range list {
		bits = SetBit(bits, slot)
	}
	return list, bits
}

// round counts random sets and compares with counters.
func round(t *rapid.T, tally *Tally) {
	slots := rapid.SampledFrom([]int{1, 63, 64, 65, 4095, 4096, 9000}).Draw(t, "slots")
	shift := rapid.IntRange(0, MaxShift).Draw(t, "shift")
	n := rapid.IntRange(0, (Limit-1)>>shift).Draw(t, "sets")
	n = min(n, rapid.SampledFrom([]int{3, 20, 300}).Draw(t, "at most"))
	want := make([]int, slots)
	tally.Reset(slots, n<<shift)
	var sets [][]uint64
	for range n {
		list, bits := someSet(t, slots)
		for _, slot := range list {
			want[slot] += 1 << shift
		}
		if rapid.Bool().Draw(t, "as bits") {
			sets = append(sets, bits)
		} else {
			tally.AddSlots(list, shift)
		}
	}
	tally.AddSets(sets, shift)
	check(t, tally, want)
}

func check(t *rapid.T, tally *Tally, want []int) {
	for slot, n := range want {
		if got := tally.Of(uint32(slot)); got != n {
			t.Fatalf("Of(%d) = %d, want %d", slot, got, n)
		}
	}
	if got := tally.Highest(); got != slices.Max(want) {
		t.Fatalf("Highest() = %d, want %d", got, slices.Max(want))
	}
	for n := 1; n <= slices.Max(want)+1; n++ {
		var slots []uint32
		for slot, c := range want {
			if c == n {
				slots = append(slots, uint32(slot))
			}
		}
		if got := slices.Collect(tally.Band(n, 0)); !slices.Equal(got, slots) {
			t.Fatalf("Band(%d, 0) = %v, want %v", n, got, slots)
		}
		for _, slot := range slots {
			if n >= 4 && !slices.Contains(slices.Collect(tally.Band(n>>2, 2)), slot) {
				t.Fatalf("Band(%d, 2) lacks %d", n>>2, slot)
			}
		}
		if got := slices.Collect(tally.Equal(n)); !slices.Equal(got, slots) {
			t.Fatalf("Equal(%d) = %v, want %v", n, got, slots)
		}
		if got := tally.Size(n); got != len(slots) {
			t.Fatalf("Size(%d) = %d, want %d", n, got, len(slots))
		}
	}
}

func TestTallyAgreesWithCounters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tally Tally
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			round(t, &tally)
		}
	})
}

func TestCountsOfManySetsThatAreTheSame(t *testing.T) {
	var tally Tally
	tally.Reset(100, Limit-1)
	var sets [][]uint64
	for range Limit - 1 {
		sets = append(sets, SetBit(nil, 77))
	}
	tally.AddSets(sets, 0)
	if tally.Of(77) != Limit-1 || tally.Of(76) != 0 || tally.Highest() != Limit-1 {
		t.Errorf("counted %d and %d, at most %d", tally.Of(77), tally.Of(76), tally.Highest())
	}
}
