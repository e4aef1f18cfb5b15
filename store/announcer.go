package store

import "time"

// Announcer is what a Store is as well when all that is written to it goes through
// this one value, as with a store in memory, and it can therefore tell of each write.
// A marketplace on it sleeps until something is due; on any other Store it looks
// about once a second whether another program has written something that is due
// earlier. A Store that wraps another one has to pass the method on, or it is no
// Announcer.
type Announcer interface {
	// Announce calls hear, until stop is called, with each instant that an Agenda may
	// newly begin with: the NextDue of a task that is written, and when a delivery to a
	// webhook is due that is queued, leased, postponed or redelivered. It does so before
	// anybody can read the write. hear never blocks and does not call the Store; it may
	// be called by many goroutines, and with instants that were known before.
	Announce(hear func(due time.Time)) (stop func())
}
