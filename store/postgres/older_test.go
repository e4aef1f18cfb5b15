package postgres_test

import (
	"reflect"
	"testing"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// older takes a schema back by one version at a time, with the routines that read it: what it
// then has is what a program of that version wrote.
var older = map[int]string{
	4: `create unique index entry_of_task on pinchwork.entry (task, kind) where task <> ''; drop index pinchwork.entry_about_task`,
	3: `alter table pinchwork.total_change drop column sealed_posted cascade, drop column sealed_claimed cascade,
		drop column sealed_delivered cascade, drop column sealed_approved cascade, drop column sealed_expired cascade, drop column sealed_cancelled cascade`,
	2: `alter table pinchwork.total_change drop column registered cascade, drop column granted cascade,
		drop column clawed_back cascade, drop column fees cascade, drop column system_pay cascade`,
	1: `alter table pinchwork.agent drop column external_id cascade, drop column old_key cascade, drop column old_key_until cascade`,
}

// A schema that an older program wrote has after the migration what it had before, and what
// was not counted then is counted.
func TestSchemasOfOlderVersions(t *testing.T) {
	for version := 1; version <= len(older); version++ {
		url := pgtest.Start(t)
		pool, s := newPool(t, url), openAt(t, url)
		k := markettest.New(t, markettest.Store(s))
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Grant(ada, 500)
		if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: bob.ID, Amount: 7, Reason: "a try"}); err != nil {
			t.Fatal(err)
		}
		id, open := ada.Post("one", markettest.Budget(40)), ada.Post("two", markettest.Budget(30))
		ada.Post("three", markettest.Budget(20), func(in *market.PostInput) { in.OfferTo = []market.AgentID{bob.ID} })
		bob.Claim(id)
		bob.Deliver(id, "done")
		ada.Approve(id, 5)
		want, err := s.Totals(k.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		for to := len(older); to >= version; to-- {
			execute(t, pool, older[to])
		}
		execute(t, pool, "delete from pinchwork.migration where version > $1", version)
		execute(t, pool, "update pinchwork.routines set revision = 0, hash = 'another'")

		next := openAt(t, url)
		if got, err := next.Totals(k.Ctx); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("from version %d: %+v, %v, want %+v", version, got, err, want)
		}
		later := markettest.New(t, markettest.Store(next), markettest.At(k.Clock.Now()))
		bob.On(later.Market).Claim(open)
		later.Check()
	}
}
