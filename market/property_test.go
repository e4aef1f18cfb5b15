package market_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// steps is how many random operations the memory store has to bear, from
// PINCHWORK_TEST_STEPS; the other stores bear a twentieth of them.
func steps(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PINCHWORK_TEST_STEPS")
	if text == "" {
		return 4_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PINCHWORK_TEST_STEPS=%q is no number of steps", text)
	}
	return n
}

const (
	// worldSteps is how long one world lives: long enough for a history, short
	// enough for a full check now and then.
	worldSteps = 5_000
	auditEvery = 1_000
	// orderEvery and orderRarely are the steps between looks at the whole order
	// of offers, for which the model reads everything.
	orderEvery, orderRarely = 25, 200
)

// Random operations by random agents, with jumps of the clock: after each step
// the accounts that it touched are right, and now and then all the books are,
// and offers are in the order of a plain model.
func TestRandomMarkets(t *testing.T) {
	for _, o := range everystore.Kinds() {
		t.Run(o.Name, func(t *testing.T) {
			n := steps(t)
			if o.Slow {
				n = max(n/20, 200)
			}
			worlds := max(n/worldSteps, 1)
			old := flag.Lookup("rapid.checks").Value.String()
			if err := flag.Set("rapid.checks", strconv.Itoa(worlds)); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = flag.Set("rapid.checks", old) }()
			rapid.Check(t, func(rt *rapid.T) { newWalk(t, rt, o).run(n / worlds) })
		})
	}
}

// walk is one random history.
type walk struct {
	*rapid.T
	k      *markettest.Kit
	agents []*markettest.Agent
	tasks  []market.TaskID
	sums   map[market.AgentID]*sum
	step   int
	order  int // steps between looks at the order
}

// sum adds up an agent's ledger as it grows.
type sum struct {
	entries int
	amount  int64
}

func newWalk(t *testing.T, rt *rapid.T, o everystore.Kind) *walk {
	w := &walk{T: rt, sums: map[market.AgentID]*sum{}, order: orderEvery}
	if o.Slow {
		w.order = orderRarely
	}
	w.k = markettest.New(t, markettest.Store(o.Open(t)), markettest.CheckRarely())
	for i, opts := range [][]markettest.AgentOption{
		nil,
		{markettest.Capable("go", "sql")},
		{markettest.GoodAt("go 日本語 testing"), markettest.Capable("Go")},
		{markettest.Infra()},
		{markettest.Infra(), markettest.GoodAt("verification of work")},
		{markettest.Granted(2_000)},
	} {
		w.join(fmt.Sprint("agent ", i), opts...)
	}
	return w
}

func (w *walk) join(name string, opts ...markettest.AgentOption) {
	a := w.k.Agent(name, opts...)
	w.agents = append(w.agents, a)
	w.sums[a.ID] = &sum{}
}

func (w *walk) run(steps int) {
	all := []func(*rapid.T){
		w.post, w.post, w.pickup, w.batch, w.claim, w.deliver, w.deliver, w.approve, w.reject, w.cancel,
		w.abandon, w.rate, w.talk, w.report, w.clock, w.sweep, w.operator, w.profile, w.read,
	}
	for range steps {
		all[rapid.IntRange(0, len(all)-1).Draw(w.T, "step")](w.T)
	}
	w.k.Check()
}

// did judges the outcome of an operation: refusals of a known kind are fine,
// anything else is not. The accounts of those touched must be right.
func (w *walk) did(rt *rapid.T, err error, touched ...*markettest.Agent) {
	rt.Helper()
	var refusal *market.Error
	if err != nil && (!errors.As(err, &refusal) || errors.Is(err, market.ErrUnavailable) || refusal.Message == "") {
		rt.Fatalf("not a refusal: %v", err)
	}
	for _, a := range touched {
		w.account(rt, a)
	}
	if w.step++; w.step%auditEvery == 0 {
		w.k.Check()
	}
	if w.step%w.order == 0 {
		w.compare(rt)
	}
}

// account checks an agent's balance against its ledger and its escrow against
// its tasks.
func (w *walk) account(rt *rapid.T, a *markettest.Agent) {
	rt.Helper()
	c, err := a.API.Credits(w.k.Ctx, market.Page{Limit: 100})
	if errors.Is(err, market.ErrSuspended) {
		return
	}
	if err != nil {
		rt.Fatalf("reading the credits: %v", err)
	}
	s := w.sums[a.ID]
	for _, entry := range c.Ledger[:min(c.Total-s.entries, len(c.Ledger))] {
		s.amount += entry.Amount
	}
	if c.Total-s.entries > len(c.Ledger) {
		s.amount = w.wholeLedger(rt, a)
	}
	s.entries = c.Total
	if c.Balance != s.amount || c.Balance < 0 {
		rt.Fatalf("%s has %d, its ledger adds up to %d", a.Name, c.Balance, s.amount)
	}
	if held := w.held(rt, a); c.Escrowed != held {
		rt.Fatalf("%s has %d in escrow, its tasks hold %d", a.Name, c.Escrowed, held)
	}
}

func (w *walk) wholeLedger(rt *rapid.T, a *markettest.Agent) (total int64) {
	for offset := 0; ; offset += 100 {
		c, err := a.API.Credits(w.k.Ctx, market.Page{Limit: 100, Offset: offset})
		if err != nil {
			rt.Fatalf("reading the ledger: %v", err)
		}
		for _, entry := range c.Ledger {
			total += entry.Amount
		}
		if len(c.Ledger) < 100 {
			return total
		}
	}
}

func (w *walk) held(rt *rapid.T, a *markettest.Agent) (held int64) {
	for _, status := range []market.Status{market.StatusPosted, market.StatusClaimed, market.StatusDelivered} {
		for offset := 0; ; offset += 100 {
			list, err := a.API.Mine(w.k.Ctx, market.MineQuery{Role: market.PartyPoster, Status: status, Page: market.Page{Limit: 100, Offset: offset}})
			if err != nil {
				rt.Fatalf("reading the tasks: %v", err)
			}
			for _, t := range list.Tasks {
				held += t.MaxCredits
			}
			if len(list.Tasks) < 100 {
				break
			}
		}
	}
	return held
}

// compare compares what an agent is offered with the model.
func (w *walk) compare(rt *rapid.T) {
	rt.Helper()
	a, f := w.someone(rt), w.filter(rt)
	list, err := a.API.Browse(w.k.Ctx, market.BrowseQuery{Filter: f, Page: market.Page{Limit: 100}})
	if errors.Is(err, market.ErrSuspended) {
		return
	}
	if err != nil {
		rt.Fatalf("browsing: %v", err)
	}
	got := []market.TaskID{}
	for _, item := range list.Tasks {
		got = append(got, item.TaskID)
	}
	want := readModel(w.k).offers(a.ID, f)
	if list.Total != len(want) || !slices.Equal(got, want[:min(len(want), 100)]) {
		for _, id := range slices.Concat(got, want) {
			if !slices.Contains(got, id) || !slices.Contains(want, id) {
				t := w.k.Stored(id)
				rt.Logf("at %s %s is %+v, matching %+v", w.k.Clock.Now(), id, *t, t.Matching)
			}
		}
		rt.Fatalf("%s with %+v is offered %v of %d, the model says %v", a.Name, f, got, list.Total, want)
	}
}

func (w *walk) someone(rt *rapid.T) *markettest.Agent {
	return w.agents[rapid.IntRange(0, len(w.agents)-1).Draw(rt, "agent")]
}

// some prefers recent tasks: old ones are mostly over.
func (w *walk) some(rt *rapid.T) market.TaskID {
	if len(w.tasks) == 0 {
		return "tk-0000000000000000"
	}
	back := rapid.IntRange(1, min(len(w.tasks), 24)).Draw(rt, "task")
	return w.tasks[len(w.tasks)-back]
}

var words = []string{"go", "sql", "Go Review", "日本語の翻訳", "Straße", "ﬁne", "ＷＩＤＥ", "x"}

func (w *walk) words(rt *rapid.T) string {
	return rapid.SampledFrom(words).Draw(rt, "word") + " " + rapid.SampledFrom(words).Draw(rt, "word")
}

func (w *walk) tags(rt *rapid.T) []string {
	return rapid.SliceOfN(rapid.SampledFrom([]string{"go", "GO", "sql", "testing"}), 0, 3).Draw(rt, "tags")
}

func (w *walk) filter(rt *rapid.T) (f market.Filter) {
	switch rapid.IntRange(0, 4).Draw(rt, "filter") {
	case 0:
		f.Tags = w.tags(rt)
	case 1:
		f.Search = rapid.SampledFrom([]string{"G", "語", "STRASSE", "fine", "wide go", "review"}).Draw(rt, "search")
	}
	return f
}

// context now and then has an idempotency key, one of a few.
func (w *walk) context(rt *rapid.T) context.Context {
	if n := rapid.IntRange(0, 60).Draw(rt, "key"); n < 6 {
		return market.WithIdempotencyKey(w.k.Ctx, fmt.Sprint("key ", n))
	}
	return w.k.Ctx
}
