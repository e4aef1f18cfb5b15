package rules_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// paid are payments about an agent, so long before t0, when so much had been brought
// in fees.
type paid struct {
	ago           time.Duration
	credits, fees int64
}

func systemPay(pending int64, payments ...paid) store.SystemPay {
	pay := store.SystemPay{Pending: pending}
	for _, p := range payments {
		pay.Paid = append(pay.Paid, store.SystemPaid{At: t0.Add(-p.ago), Credits: p.credits, Fees: p.fees})
	}
	return pay
}

// A match task pays 3. Twenty may be paid about an agent in 24 hours, and the fees that
// it brought since the first of the payments that count.
func TestTheBudgetOfSystemPay(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		pay     store.SystemPay
		fees    int64
		budget  int64
		affords bool
	}{
		"nothing paid":                              {systemPay(0), 0, 3, true},
		"nothing paid, a credit too little":         {systemPay(0), 0, 2, false},
		"fees alone buy nothing":                    {systemPay(0), 100, 2, false},
		"no bound":                                  {systemPay(1000), 0, 0, true},
		"as much as may be":                         {systemPay(10, paid{time.Hour, 7, 0}), 0, 20, true},
		"a credit more":                             {systemPay(10, paid{time.Hour, 8, 0}), 0, 20, false},
		"several payments":                          {systemPay(0, paid{2 * time.Hour, 9, 0}, paid{time.Hour, 8, 0}), 0, 20, true},
		"several payments, a credit more":           {systemPay(0, paid{2 * time.Hour, 9, 0}, paid{time.Hour, 9, 0}), 0, 20, false},
		"one a day ago":                             {systemPay(0, paid{day, 100, 0}), 0, 20, true},
		"one not quite a day ago":                   {systemPay(0, paid{day - 1, 100, 0}), 0, 20, false},
		"fees since the first":                      {systemPay(0, paid{2 * time.Hour, 20, 4}, paid{time.Hour, 0, 6}), 7, 20, true},
		"fees since the first, a credit too little": {systemPay(0, paid{2 * time.Hour, 20, 4}, paid{time.Hour, 0, 3}), 6, 20, false},
		"fees since the first that counts":          {systemPay(0, paid{day, 20, 0}, paid{time.Hour, 20, 4}), 6, 20, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy()
			p.SystemPayPerDay = c.budget
			l := loaded(poster, posted())
			l.Caller.SystemPay, l.Caller.FeesBrought = c.pay, c.fees
			_, err := p.Post(t0, l, fresh(), texts, rules.Plan{Infra: matchDraft()})
			if c.affords && err != nil || !c.affords && !errors.Is(err, rules.ErrOverBudget) {
				t.Errorf("posting with a match task: %v", err)
			}
		})
	}
}

// paidNow is what is noted of the subject of an answered match task.
func paidNow(t *testing.T, now time.Time, before store.SystemPay, fees int64) store.SystemPay {
	t.Helper()
	l := answering(matching(), claimed())
	l.Subject.SystemPay, l.Subject.FeesBrought = before, fees
	got, err := policy().Deliver(now, l, rules.Work{}, nil, rules.Answer{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, l.Subject.SystemPay, before)
	same(t, got.SystemPays[0].Old, before)
	return got.SystemPays[0].New
}

func TestWhatIsReservedBecomesAPayment(t *testing.T) {
	now := paid{0, 3, 9}
	same(t, paidNow(t, t0, systemPay(8), 9), systemPay(5, now))
	same(t, paidNow(t, t0, systemPay(2), 9), systemPay(0, now))
	day := 24 * time.Hour
	same(t, paidNow(t, t0, systemPay(3, paid{day, 1, 1}, paid{day - 1, 2, 2}), 9), systemPay(0, paid{day - 1, 2, 2}, now))
}

// Ninety-six payments are remembered; of more, the two oldest become one.
func TestPaymentsAreBounded(t *testing.T) {
	many := func(n int) (all []paid) {
		for i := range n {
			all = append(all, paid{time.Hour - time.Duration(i), int64(10 + i), int64(i)})
		}
		return all
	}
	now := paid{0, 3, 999}
	same(t, paidNow(t, t0, systemPay(3, many(95)...), 999), systemPay(0, append(many(95), now)...))
	merged := many(96)[1:]
	merged[0].credits += 10
	same(t, paidNow(t, t0, systemPay(3, many(96)...), 999), systemPay(0, append(merged, now)...))
}

// What is reserved for system tasks about somebody else is not this agent's.
func TestOnlyTheSubjectGetsItsReservationBack(t *testing.T) {
	foreign := verifying()
	foreign.System.Subject = other
	l := loaded(worker, claimed(), foreign)
	l.Poster.SystemPay.Pending = 9
	got, err := policy().Abandon(t2, l)
	if err != nil || got.SystemPays != nil {
		t.Errorf("%+v, %v", got.SystemPays, err)
	}
	l = loaded(worker, claimed(), verifying(), matching())
	l.Children[1].ID = "tk-second"
	l.Poster.SystemPay.Pending = 9
	if got, err = policy().Abandon(t2, l); err != nil {
		t.Fatal(err)
	}
	same(t, got.SystemPays, []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 9}, New: store.SystemPay{Pending: 1}}})
}

// What one step gives back, another may take in the same change.
func TestTheBudgetCountsWhatTheSameChangeGaveBack(t *testing.T) {
	half := t0.Add(30 * time.Minute)
	for pending, affords := range map[int64]bool{20: true, 21: false} {
		l := reading()
		l.Caller.SystemPay.Pending = pending
		next := l.Caller.Profile
		next.GoodAt = "Rust"
		got := policy().Update(half, l, next, extracting(), extractDraft())
		if (got.Written(nextSystem) != nil) != affords {
			t.Errorf("%d pending: %+v", pending, got.SystemPays)
		}
	}
}

func TestTooManyBytes(t *testing.T) {
	p := policy()
	if err := p.TooManyBytes(&store.Conflict{Guard: store.GuardTalkBytes}); err != nil {
		t.Errorf("another guard: %v", err)
	}
	refused(t, p.TooManyBytes(&store.Conflict{Guard: store.GuardTextBytes}), rules.CodeTooManyBytes,
		"Your living texts would take more than 1000 bytes: those of tasks count until they are approved, "+
			"those of cancelled and expired tasks and of rejected results for 7 days")
}
