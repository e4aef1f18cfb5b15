package storetest

import (
	"fmt"
	"sync/atomic"

	"github.com/pinchwork/pinchwork/store"
)

var entries atomic.Int64

// nextEntry is a new ledger entry's id: no two transfers share one.
func nextEntry() store.EntryID {
	return store.EntryID(fmt.Sprintf("le-%016d", entries.Add(1)))
}
