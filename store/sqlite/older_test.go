package sqlite_test

import (
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// older takes a file back by one version at a time: what it then has is what a program of
// that version wrote.
var older = map[int][]string{
	4: {
		"drop index pinchwork_entry_of_task",
		"create unique index pinchwork_entry_of_task on pinchwork_entry (task, kind) where task is not null",
	},
	3: {
		"alter table pinchwork_total drop column h1", "alter table pinchwork_total drop column h2", "alter table pinchwork_total drop column h3",
		"alter table pinchwork_total drop column h4", "alter table pinchwork_total drop column h5", "alter table pinchwork_total drop column h6",
	},
	2: {
		"alter table pinchwork_total drop column registered", "alter table pinchwork_total drop column granted",
		"alter table pinchwork_total drop column clawed_back", "alter table pinchwork_total drop column fees",
		"alter table pinchwork_total drop column system_pay",
	},
	1: {
		"drop index pinchwork_agent_external", "drop index pinchwork_agent_old_key",
		"alter table pinchwork_agent drop column external_id", "alter table pinchwork_agent drop column old_key",
		"alter table pinchwork_agent drop column old_key_until",
	},
}

// A file that an older program wrote has after the migration what it had before, and what
// was not counted then is counted.
func TestFilesOfOlderVersions(t *testing.T) {
	for version := 1; version <= len(older); version++ {
		path := filepath.Join(t.TempDir(), "market.db")
		var want store.Totals
		var open market.TaskID
		var worker market.AgentID
		t.Run("written", func(t *testing.T) { // the file is closed behind it
			s := openAt(t, path, sqlite.WithoutDurability())
			k := markettest.New(t, markettest.Store(s))
			ada, bob := k.Agent("ada"), k.Agent("bob")
			k.Grant(ada, 500)
			if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: bob.ID, Amount: 7, Reason: "a try"}); err != nil {
				t.Fatal(err)
			}
			id := ada.Post("one", markettest.Budget(40))
			open, worker = ada.Post("two", markettest.Budget(30)), bob.ID
			ada.Post("three", markettest.Budget(20), func(in *market.PostInput) { in.OfferTo = []market.AgentID{bob.ID} })
			bob.Claim(id)
			bob.Deliver(id, "done")
			ada.Approve(id, 5)
			var err error
			if want, err = s.Totals(k.Ctx); err != nil {
				t.Fatal(err)
			}
		})
		for to := len(older); to >= version; to-- {
			execute(t, path, older[to]...)
		}
		execute(t, path, "update pinchwork_schema set version = "+strconv.Itoa(version))

		next := openAt(t, path, sqlite.WithoutDurability())
		if got, err := next.Totals(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("from version %d: %+v, %v, want %+v", version, got, err, want)
		}
		k := markettest.New(t, markettest.Store(next))
		if _, err := k.Market.As(worker).PickupTask(k.Ctx, open); err != nil {
			t.Error(err)
		}
		k.Check()
	}
}
