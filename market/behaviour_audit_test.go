package market_test

import (
	"context"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// amid is a store on which others do something, once each, while an audit reads the
// ledger, after all accounts, and while it then reads the claimed tasks of one agent.
type amid struct {
	market.Store
	ledger, claimed *func()
}

func once(act *func()) {
	if now := *act; now != nil {
		*act = nil
		now()
	}
}

func (s amid) Entries(ctx context.Context, id store.TaskID, after string, limit int) ([]store.Entry, string, error) {
	once(s.ledger)
	return s.Store.Entries(ctx, id, after, limit)
}

func (s amid) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	if q.Status == store.StatusClaimed {
		once(s.claimed)
	}
	return s.Store.TasksOf(ctx, q)
}

// A task that moves from one list to another while an audit reads them may be seen
// in both of them, or in none: that is no problem of the books.
func TestAnAuditOfAMarketThatRunsFindsNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		open, taken := ada.Post("open", markettest.Budget(10)), ada.Post("taken", markettest.Budget(20))
		bob.Claim(taken)
		for name, move := range map[string]func(){
			"claimed after the open tasks were read":   func() { bob.Claim(open) },
			"abandoned after the open tasks were read": func() { bob.Abandon(taken) },
		} {
			// A posting after her account was read makes the audit look at ada again.
			post := func() { ada.Post("meanwhile", markettest.Budget(5)) }
			m, err := market.New(market.Config{Store: amid{k.Store, &post, &move}, Clock: k.Clock})
			if err != nil {
				t.Fatal(err)
			}
			if report, err := m.Audit(k.Ctx); err != nil || !report.OK || move != nil {
				t.Errorf("a task is %s: the audit says %+v, %v", name, report, err)
			}
		}
	})
}
