package memory

import (
	"math"
	"time"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// ordered returns an empty ordered set. The store's own lock guards it.
func ordered[T any](less func(a, b T) bool) *btree.BTreeG[T] {
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

// item is a task under a key, most often an instant in microseconds. The key is
// kept beside the pointer so that a search reads no task.
type item struct {
	key  int64
	task *record
}

func before(a, b item) bool {
	if a.key != b.key {
		return a.key < b.key
	}
	return a.task.seq < b.task.seq
}

// highest sorts after every task with the same key.
var highest = &record{seq: math.MaxInt64}

// index is a set of tasks in ascending order of a key, then of Seq. The zero
// index is empty and costs a word: most agents need few of their indexes.
type index struct{ tree *btree.BTreeG[item] }

func (x *index) add(key int64, r *record) {
	if x.tree == nil {
		x.tree = ordered(before)
	}
	x.tree.Set(item{key, r})
}

func (x *index) remove(key int64, r *record) {
	if x.tree != nil {
		x.tree.Delete(item{key, r})
	}
}

func (x *index) len() int {
	if x.tree == nil {
		return 0
	}
	return x.tree.Len()
}

// fromTop returns the task that has i others above it.
func (x *index) fromTop(i int) *record {
	found, _ := x.tree.GetAt(x.tree.Len() - 1 - i)
	return found.task
}

// after yields tasks with a key above key, lowest first.
func (x *index) after(key int64, yield func(*record) bool) {
	if x.tree != nil {
		x.tree.Ascend(item{key, highest}, func(i item) bool { return yield(i.task) })
	}
}

// upTo returns the ids of at most limit tasks with a key not above key, lowest
// first.
func (x *index) upTo(key int64, limit int) []store.TaskID {
	if x.tree == nil || limit <= 0 {
		return nil
	}
	var ids []store.TaskID
	x.tree.Scan(func(i item) bool {
		if i.key > key {
			return false
		}
		ids = append(ids, i.task.task.ID)
		return len(ids) < limit
	})
	return ids
}

// instantOf returns a task's NextDue if the index, which is by it, has the task.
func (x *index) instantOf(r *record) time.Time {
	due, armed := nextDue(r.task)
	if !armed || x.tree == nil {
		return time.Time{}
	}
	if _, found := x.tree.Get(item{due, r}); !found {
		return time.Time{}
	}
	return r.task.NextDue
}

// lowestBelow returns the task with the lowest key if that is below key.
func (x *index) lowestBelow(key int64) *record {
	if x.tree == nil {
		return nil
	}
	if first, ok := x.tree.Min(); ok && first.key < key {
		return first.task
	}
	return nil
}
