// Package storetest holds the promises of store.Store as a test suite that any
// implementation runs in one line:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return open(t) })
//	}
//
// Each sentence of the Store's and the Change's documentation is a small named
// subtest, so that what fails says which promise is broken. The suite needs the
// standard library and package store alone.
package storetest

import (
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// Option tells the suite of abilities that not every store has.
type Option func(*suite)

// Reopened adds the promises about data that outlive the process: again closes
// the store that open returned last and opens it again.
func Reopened(again func(t *testing.T) store.Store) Option {
	return func(s *suite) { s.reopen = again }
}

// Shared adds the promises to processes that share a marketplace: second opens
// another handle of what open returned last.
func Shared(second func(t *testing.T) store.Store) Option {
	return func(s *suite) { s.second = second }
}

// Relayed adds the promises to stores that are a store.Relay as well, on servers that
// lose nothing meanwhile.
func Relayed() Option { return func(s *suite) { s.relayed = true } }

// Announced adds the promises to stores that are a store.Announcer as well.
func Announced() Option { return func(s *suite) { s.announced = true } }

// suite is what the cases need to know of the store that they test.
type suite struct {
	reopen, second func(t *testing.T) store.Store
	relayed        bool
	announced      bool
}

type group struct {
	name  string
	cases []testCase
}

// Run tests the stores that open returns. It calls open once for each subtest,
// one after the other, and needs a fresh, empty store each time; release what
// the store holds with t.Cleanup. The suite passes the time as an argument, and
// never sleeps.
func Run(t *testing.T, open func(t *testing.T) store.Store, options ...Option) {
	var s suite
	for _, option := range options {
		if option != nil {
			option(&s)
		}
	}
	groups := []group{
		{"Absence", absenceCases},
		{"Strange", strangeCases},
		{"RoundTrip", roundTripCases},
		{"Commit", commitCases},
		{"Guards", guardCases},
		{"CommitFirst", commitFirstCases},
		{"CommitEach", commitEachCases},
		{"Load", loadCases},
		{"Talk", talkCases},
		{"Tasks", taskCases},
		{"Agents", agentCases},
		{"Ledger", ledgerCases},
		{"Trust", trustCases},
		{"Events", eventCases},
		{"Event log", logCases},
		{"Reports", reportCases},
		{"Idempotency", idempotencyCases},
		{"Admit", admitCases},
		{"Timers", timerCases},
		{"Webhooks", webhookCases},
		{"Feed", feedCases},
		{"Prune", pruneCases},
		{"Keeper", keeperCases},
		{"Races", raceCases},
		{"Bounds", boundCases},
	}
	if s.reopen != nil {
		groups = append(groups, group{"Reopened", reopenedCases})
	}
	if s.second != nil {
		groups = append(groups, group{"Shared", sharedCases})
	}
	if s.relayed {
		groups = append(groups, group{"Relayed", relayCases})
	}
	if s.announced {
		groups = append(groups, group{"Announced", announcerCases})
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(newWorld(t, open(t), s)) })
			}
		})
	}
}

// testCase is one promise. It has a store for itself.
type testCase struct {
	name string
	run  func(w *world)
}
