package memory

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestUnionPagesLikeASortedList(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	for range 200 {
		var a, b index
		var all []*record
		for i := range random.IntN(200) {
			r := &record{seq: int64(i)}
			all = append(all, r)
			if random.IntN(1+random.IntN(4)) == 0 {
				a.add(r.seq, r)
			} else {
				b.add(r.seq, r)
			}
		}
		slices.SortFunc(all, func(x, y *record) int { return cmp.Compare(y.seq, x.seq) })
		u := union{a: &a, b: &b}
		if u.len() != len(all) {
			t.Fatalf("length %d, want %d", u.len(), len(all))
		}
		for offset := 0; offset <= len(all)+1; offset++ {
			limit := random.IntN(20)
			from := min(offset, len(all))
			want := all[from:min(from+limit, len(all))]
			if got := u.page(offset, limit); !slices.Equal(got, want) {
				t.Fatalf("page at %d of %d tasks: got %d tasks, want %d", offset, len(all), len(got), len(want))
			}
		}
	}
}
