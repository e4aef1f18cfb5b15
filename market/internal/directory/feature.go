package directory

import (
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/tally"
	"github.com/pinchwork/pinchwork/market/internal/text"
)

// feature is a tag or a word with the agents that have it: a sorted list of
// slots, or bits once these take less time to go through.
type feature struct {
	name  string
	count int
	list  []uint32
	bits  []uint64
}

// A feature of more than 1 in denseFrom slots is kept as bits, since adding 64
// counts at once takes no longer than adding one; below 1 in sparseFrom it
// becomes a list again.
const (
	denseFrom  = 192
	sparseFrom = 512
)

// features numbers the distinct tags or words of all agents.
type features struct {
	numbers map[string]uint32
	all     []feature
	unused  []uint32
}

func newFeatures() features { return features{numbers: map[string]uint32{}} }

// lookup returns a feature that some agent has, with its number, or nil.
func (f *features) lookup(name string) (*feature, uint32) {
	if n, ok := f.numbers[name]; ok {
		return &f.all[n], n
	}
	return nil, 0
}

// add gives the agent in the slot the features, each once, and returns their
// numbers.
func (f *features) add(slot uint32, slots int, names []string) []uint32 {
	out := make([]uint32, 0, len(names))
	for _, name := range names {
		n, ok := f.numbers[name]
		if !ok {
			n = f.number(name)
		}
		if !slices.Contains(out, n) {
			f.all[n].add(slot, slots)
			out = append(out, n)
		}
	}
	return out
}

func (f *features) number(name string) uint32 {
	n := uint32(len(f.all))
	if k := len(f.unused); k > 0 {
		n, f.unused = f.unused[k-1], f.unused[:k-1]
	} else {
		f.all = append(f.all, feature{})
	}
	f.all[n].name = name
	f.numbers[name] = n
	return n
}

// remove takes them from the agent again; a feature that nobody has is
// forgotten.
func (f *features) remove(slot uint32, numbers []uint32) {
	for _, n := range numbers {
		ft := &f.all[n]
		if ft.remove(slot); ft.count == 0 {
			delete(f.numbers, ft.name)
			*ft = feature{}
			f.unused = append(f.unused, n)
		}
	}
}

func (f *feature) add(slot uint32, slots int) {
	f.count++
	if f.bits != nil {
		f.bits = tally.SetBit(f.bits, slot)
		return
	}
	if n := len(f.list); n == 0 || f.list[n-1] < slot {
		f.list = append(f.list, slot)
	} else {
		i, _ := slices.BinarySearch(f.list, slot)
		f.list = slices.Insert(f.list, i, slot)
	}
	if f.count > denseFrom && f.count*denseFrom > slots {
		f.toBits(slots)
	}
}

func (f *feature) toBits(slots int) {
	f.bits = make([]uint64, tally.Words(slots))
	for _, slot := range f.list {
		f.bits = tally.SetBit(f.bits, slot)
	}
	f.list = nil
}

func (f *feature) remove(slot uint32) {
	f.count--
	if f.bits == nil {
		if i, ok := slices.BinarySearch(f.list, slot); ok {
			f.list = slices.Delete(f.list, i, i+1)
		}
		return
	}
	f.bits[slot/64] &^= 1 << (slot % 64)
	if f.count*sparseFrom < len(f.bits)*64 {
		f.toList()
	}
}

func (f *feature) toList() {
	f.list = slices.AppendSeq(make([]uint32, 0, f.count), f.slots)
	f.bits = nil
}

func (f *feature) has(slot uint32) bool {
	if f.bits == nil {
		_, ok := slices.BinarySearch(f.list, slot)
		return ok
	}
	return int(slot/64) < len(f.bits) && f.bits[slot/64]>>(slot%64)&1 != 0
}

// slots yields the slots of the agents that have the feature, ascending.
func (f *feature) slots(yield func(uint32) bool) {
	for _, slot := range f.list {
		if !yield(slot) {
			return
		}
	}
	text.Bits(f.bits)(yield)
}
