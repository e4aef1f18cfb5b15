package board

import (
	"fmt"
	"testing"
)

// A board through which many tasks with words of their own pass does not grow:
// slots, words and their lists are given back.
func TestChurnLeavesNothingBehind(t *testing.T) {
	b := New[int]()
	pass := func(from, n int) {
		for i := from; i < from+n; i++ {
			id := fmt.Sprint("tk-", i)
			b.Put(Task[int]{ID: id, Version: 1, Seq: int64(i), Poster: fmt.Sprint("ag-", i%7), Need: fmt.Sprintf("unique%d words%dx", i, i*31), Tags: []string{"go"}})
			r := b.Reserve(Query{Agent: "ag-worker"}, 1)
			r.Release()
			b.Remove(id, 2)
		}
	}
	pass(0, 2_000)
	before := heapNow()
	words, slots := b.texts.Words(), len(b.tasks)
	pass(2_000, 60_000)
	if got := b.texts.Words(); got > 2*words+200 {
		t.Errorf("%d words are kept after the churn, %d before", got, words)
	}
	if got := len(b.tasks); got > 2*slots+200 {
		t.Errorf("%d slots after the churn, %d before", got, slots)
	}
	if after := heapNow(); after > before+8<<20 {
		t.Errorf("the heap grew from %d to %d KiB", before>>10, after>>10)
	}
	if b.Len() != 0 {
		t.Errorf("%d tasks are left", b.Len())
	}
}
