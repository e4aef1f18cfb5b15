package audit

import (
	"context"
	"maps"

	"github.com/pinchwork/pinchwork/store"
)

func (a *audit) readTotals(ctx context.Context) (err error) {
	a.before, err = a.store.Totals(ctx)
	return err
}

// compareTotals: what only grows was read between two looks at its total. The escrow goes
// up and down, and is compared when nothing has happened between them.
func (a *audit) compareTotals(ctx context.Context) error {
	after, err := a.store.Totals(ctx)
	if err != nil {
		return err
	}
	a.between("agents", int64(a.report.Agents), a.before.Agents, after.Agents)
	if a.before.Platform != nil {
		for _, kind := range store.PlatformKinds() {
			a.between("credits of kind "+string(kind), a.moved[kind], a.before.Platform[kind], after.Platform[kind])
		}
	}
	if sameTotals(a.before, after) && after.Escrowed != a.report.Escrow {
		a.problem("the total of credits in escrow is %d, the ledger says %d", after.Escrowed, a.report.Escrow)
	}
	return nil
}

func (a *audit) between(what string, found, before, after int64) {
	if found < before || found > after {
		a.problem("the total of %s is %d, all of them together are %d", what, after, found)
	}
}

func sameTotals(a, b store.Totals) bool {
	return a.Seq == b.Seq && a.Escrowed == b.Escrowed && a.Agents == b.Agents && maps.Equal(a.Tasks, b.Tasks) && maps.Equal(a.Sealed, b.Sealed) && maps.Equal(a.Platform, b.Platform)
}
