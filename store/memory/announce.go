package memory

import (
	"slices"
	"time"
)

// hearers are told when something is due. The store's own lock guards them.
type hearers []*func(due time.Time)

// Announce tells hear of each instant at which something is due; see
// store.Announcer.
func (s *Store) Announce(hear func(due time.Time)) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := &hear
	s.hearers = append(s.hearers, mine)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hearers = slices.DeleteFunc(s.hearers, func(other *func(time.Time)) bool { return other == mine })
	}
}

// announce says that something is due at an instant in microseconds.
func (s *Store) announce(due int64) {
	for _, hear := range s.hearers {
		(*hear)(time.UnixMicro(due).UTC())
	}
}
