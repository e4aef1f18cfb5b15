package mirror

import (
	"sync"

	"github.com/pinchwork/pinchwork/store"
)

// ownWrites remembers the task items that this process has put into the feed
// and applied itself, so that reading them back costs no read of the task. It
// is bounded: an item that it has forgotten only costs a read. Roles that change
// without a version are read again always: a board that is being loaded has no
// task yet to keep an exclusion for, and their items do not tell whose they are.
type ownWrites struct {
	mu    sync.Mutex
	items map[store.FeedItem]int
}

const maxOwnWrites = 100_000

func (w *ownWrites) add(items []store.FeedItem) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.items == nil || len(w.items) > maxOwnWrites {
		w.items = map[store.FeedItem]int{}
	}
	for _, item := range items {
		if item.Kind == store.FeedTask && item.Version > 0 {
			w.items[item]++
		}
	}
}

// take reports whether this process wrote the item, and forgets it.
func (w *ownWrites) take(item store.FeedItem) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.items[item]
	if n > 1 {
		w.items[item] = n - 1
	} else {
		delete(w.items, item)
	}
	return n > 0
}
