package audit

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// The budget holds in every window of 24 hours, and each fee counts once.
func TestSystemPayWithinItsBudget(t *testing.T) {
	start := time.Date(2031, 3, 5, 0, 0, 0, 0, time.UTC)
	pay := func(hours float64, credits int64) store.Entry {
		at := start.Add(time.Duration(hours * float64(time.Hour)))
		return store.Entry{Transfer: store.Transfer{Kind: store.EntrySystemPayment, Agent: "ag-infra", About: "ag-ada", Amount: credits, At: at}}
	}
	fee := func(task store.TaskID, credits int64) store.Entry {
		return store.Entry{Transfer: store.Transfer{Kind: store.EntryPlatformFee, Task: task, Amount: credits, At: start}}
	}
	posted := func(task store.TaskID, poster store.AgentID) store.Entry {
		return store.Entry{Transfer: store.Transfer{Kind: store.EntryEscrow, Task: task, Agent: poster, Amount: 100, At: start}}
	}
	for name, c := range map[string]struct {
		entries []store.Entry
		perDay  int64
		by      int64
		at      float64
	}{
		"nothing":                      {nil, 100, 0, 0},
		"the whole of a day":           {[]store.Entry{pay(0, 60), pay(23, 40)}, 100, 0, 0},
		"one more":                     {[]store.Entry{pay(0, 60), pay(23, 40), pay(23.9, 1)}, 100, 1, 23.9},
		"a day later there is more":    {[]store.Entry{pay(0, 60), pay(23, 40), pay(24, 60)}, 100, 0, 0},
		"a window across midnight":     {[]store.Entry{pay(20, 100), pay(30, 5)}, 100, 5, 30},
		"in any order":                 {[]store.Entry{pay(30, 5), pay(20, 100)}, 100, 5, 30},
		"fees cover it":                {[]store.Entry{posted("tk-1", "ag-ada"), fee("tk-1", 5), pay(20, 100), pay(30, 5)}, 100, 0, 0},
		"fees come before their task":  {[]store.Entry{fee("tk-1", 5), pay(20, 105), posted("tk-1", "ag-ada")}, 100, 0, 0},
		"a fee covers once":            {[]store.Entry{posted("tk-1", "ag-ada"), fee("tk-1", 5), pay(0, 105), pay(25, 105)}, 100, 5, 25},
		"fees of others cover nothing": {[]store.Entry{posted("tk-1", "ag-bob"), fee("tk-1", 5), pay(0, 105)}, 100, 5, 0},
		"without bound":                {[]store.Entry{pay(0, 100_000)}, 0, 0, 0},
	} {
		p := newPayAudit()
		for i := range c.entries {
			p.entry(&c.entries[i])
		}
		at, by := p.overrun("ag-ada", c.perDay)
		if by != c.by || by != 0 && !at.Equal(start.Add(time.Duration(c.at*float64(time.Hour)))) {
			t.Errorf("%s: over by %d at %s, want %d at hour %v", name, by, at, c.by, c.at)
		}
	}
}
