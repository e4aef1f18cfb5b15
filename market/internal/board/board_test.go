package board

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	someAgents = []string{"ag-1", "ag-2", "ag-3", "ag-4", "ag-5", "ag-6"}
	someTags   = []string{"go", "Go", "GO", "python", "rust", "c-1", "x", "straße", "STRASSE", "İ", "ｇｏ"}
	someTexts  = []string{
		"Review", "review my code", "İstanbul", "istanbul", "straße", "STRASSE", "ｆｕｌｌ", "full", "日本語", "日本", "e\u0301t", "été",
		"ﬁx", "fix", "ﷺ", "صلى الله عليه وسلم", "¨", "x \u0308", " ", "\n", "\t ", "  ", "a", "ab", "Σίσυφος", "ΣΊΣΥΦΟΣ", "㎏", "kg",
	}
	epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// some returns up to n elements of list, in random order, with repeats.
func some(t *rapid.T, label string, n int, list []string) []string {
	return rapid.SliceOfN(rapid.SampledFrom(list), 0, n).Draw(t, label)
}

func someText(t *rapid.T, label string) string {
	return strings.Join(some(t, label, 5, someTexts), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "glue"))
}

// pair drives a board and the model side by side.
type pair struct {
	board     *Board[string]
	model     *model[string]
	now       time.Time
	seq       int64
	held      []*Reservation[string]
	modelHeld []*modelReservation[string]
}

func (p *pair) task(t *rapid.T) Task[string] {
	p.seq++
	in := func(label string) time.Time {
		return p.now.Add(time.Duration(rapid.IntRange(-3, 30).Draw(t, label)) * time.Second)
	}
	task := Task[string]{
		ID: fmt.Sprint("tk-", rapid.IntRange(1, 60).Draw(t, "id")), Version: int64(rapid.IntRange(1, 9).Draw(t, "version")), Seq: p.seq,
		Poster: rapid.SampledFrom(someAgents).Draw(t, "poster"), Tags: some(t, "tags", 4, someTags), Extracted: some(t, "extracted", 3, someTags),
		Need: someText(t, "need"), Context: someText(t, "context"), CreatedAt: epoch.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "created"))),
		System: rapid.IntRange(0, 9).Draw(t, "system") == 0, Excluded: some(t, "excluded", 1, someAgents), Infra: some(t, "infra", 1, someAgents),
		Matched: some(t, "matched", 3, someAgents), HeadStart: in("head start"), Value: fmt.Sprint(p.seq),
	}
	if rapid.IntRange(0, 2).Draw(t, "direct") == 0 {
		task.Direct = some(t, "hired", 3, someAgents)
		if rapid.Bool().Draw(t, "opens") {
			task.OpensAt = in("opens at")
		}
	}
	if rapid.Bool().Draw(t, "closes") {
		task.ClosesAt = in("closes at")
	}
	return task
}

func (p *pair) query(t *rapid.T) Query {
	q := Query{Agent: rapid.SampledFrom(someAgents).Draw(t, "agent"), Infra: rapid.Bool().Draw(t, "is infra"), Now: p.now}
	if rapid.Bool().Draw(t, "personal") {
		q.Capabilities = append(some(t, "capabilities", 5, someTags), "unheard-of")
	}
	if rapid.IntRange(0, 3).Draw(t, "filter tags") == 0 {
		q.Tags = some(t, "filter", 2, someTags)
	}
	if rapid.IntRange(0, 2).Draw(t, "search") == 0 {
		q.Search = strings.Join(some(t, "terms", 2, someTexts), " ")
	}
	return q
}

func (p *pair) put(t *rapid.T) {
	task := p.task(t)
	p.board.Put(task)
	p.model.Put(task)
}

func (p *pair) remove(t *rapid.T) {
	id, version := fmt.Sprint("tk-", rapid.IntRange(1, 60).Draw(t, "id")), int64(rapid.IntRange(0, 5).Draw(t, "version"))
	p.board.Remove(id, version)
	p.model.Remove(id, version)
}

func (p *pair) exclude(t *rapid.T) {
	id, agent := fmt.Sprint("tk-", rapid.IntRange(1, 60).Draw(t, "id")), rapid.SampledFrom(someAgents).Draw(t, "agent")
	p.board.Exclude(id, agent)
	p.model.Exclude(id, agent)
}

func (p *pair) setPoster(t *rapid.T) {
	id := rapid.SampledFrom(someAgents).Draw(t, "agent")
	reputation, suspended := rapid.SampledFrom([]float64{0, 3.5, 4, 5}).Draw(t, "reputation"), rapid.IntRange(0, 4).Draw(t, "suspended") == 0
	p.board.SetPoster(id, reputation, suspended)
	p.model.SetPoster(id, reputation, suspended)
}

func (p *pair) setTrust(t *rapid.T) {
	from, to := rapid.SampledFrom(someAgents).Draw(t, "from"), rapid.SampledFrom(someAgents).Draw(t, "to")
	score, n := rapid.SampledFrom([]float64{0.1, 0.45, 0.5, 0.55, 0.9}).Draw(t, "score"), int64(rapid.IntRange(1, 5).Draw(t, "interactions"))
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		if p.board.TrustKnown(to) != p.model.TrustKnown(to) {
			t.Fatalf("TrustKnown(%s): %v", to, p.board.TrustKnown(to))
		}
	case 1:
		p.board.SetTrustIn(to, []Trust{{from, score, n}})
		p.model.SetTrustIn(to, []Trust{{from, score, n}})
	default:
		p.board.TrustChanged(from, to, score, n)
		p.model.TrustChanged(from, to, score, n)
	}
}

func (p *pair) pass(t *rapid.T) {
	step := rapid.SampledFrom([]time.Duration{time.Nanosecond, time.Second, 7 * time.Second, -time.Hour}).Draw(t, "step")
	p.now = p.now.Add(step)
}

func (p *pair) reserve(t *rapid.T) {
	q, n := p.query(t), rapid.IntRange(0, 4).Draw(t, "n")
	got, want := p.board.Reserve(q, n), p.model.Reserve(q, n)
	sameOffers(t, fmt.Sprintf("reserve %+v", q), got.Offers, want.Offers)
	if n > 0 && (got.Busy == nil) != (want.Busy == nil) {
		t.Fatalf("%+v: busy %v, want %v", q, got.Busy, want.Busy)
	}
	p.held, p.modelHeld = append(p.held, got), append(p.modelHeld, want)
}

func (p *pair) release(t *rapid.T) {
	if len(p.held) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.held)-1).Draw(t, "reservation")
	p.held[i].Release()
	p.modelHeld[i].Release()
}

func (p *pair) look(t *rapid.T) {
	q, offset, limit := p.query(t), rapid.IntRange(0, 5).Draw(t, "offset"), rapid.IntRange(1, 30).Draw(t, "limit")
	most := rapid.SampledFrom([]int{0, 3, 100}).Draw(t, "most")
	offers, n, more := p.board.Page(q, offset, limit, most)
	sameOffers(t, fmt.Sprintf("page %+v", q), offers, p.model.Page(q, offset, limit))
	if wantN, wantMore := p.model.Count(q, most); n != wantN || more != wantMore {
		t.Fatalf("total of %+v up to %d is %d %v, want %d %v", q, most, n, more, wantN, wantMore)
	}
}

// explain asks about one task what a whole page says of it.
func (p *pair) explain(t *rapid.T) {
	q, id, most := p.query(t), fmt.Sprint("tk-", rapid.IntRange(1, 60).Draw(t, "id")), rapid.IntRange(1, 40).Draw(t, "most")
	got := p.board.Explain(q, id, most)
	all := p.model.Page(q, 0, 1_000)
	i := slices.IndexFunc(all, func(o Offer[string]) bool { return o.ID == id })
	if (got.Hindrance == Offered) != (i >= 0) {
		t.Fatalf("explain %s to %+v: %+v, but it is offer %d of %+v", id, q, got, i, all)
	}
	if i < 0 {
		return
	}
	want := Standing{Phase: 2}
	if all[i].Matched {
		want.Phase = 1
	} else if p.model.tasks[id].System {
		want.Phase = 0
	}
	if i < most {
		want.Position = i + 1
	}
	if got != want {
		t.Fatalf("explain %s to %+v: %+v, want %+v of %+v", id, q, got, want, all)
	}
}

func sameOffers(t *rapid.T, what string, got, want []Offer[string]) {
	if len(got) != len(want) {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s, at %d:\n got %+v\nwant %+v", what, i, got, want)
		}
	}
}

func (p *pair) check(t *rapid.T) {
	if p.board.Len() != p.model.Len() {
		t.Fatalf("Len %d, want %d", p.board.Len(), p.model.Len())
	}
	var all []Known
	for from, more := 0, true; more; more = from != 0 {
		var known []Known
		known, from = p.board.Snapshot(from, 7)
		all = append(all, known...)
	}
	want, _ := p.model.Snapshot(0, 0)
	byID := func(a, b Known) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(all, byID)
	slices.SortFunc(want, byID)
	if !slices.Equal(all, want) {
		t.Fatalf("Snapshot %v, want %v", all, want)
	}
}

func TestBoardAgreesWithPlainModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { compare(t, usualLimits) })
}

func TestEveryWayGivesTheSameOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(label string) int { return rapid.IntRange(-5, 30).Draw(t, label) }
		compare(t, limits{few: n("few"), walk: n("walk"), skim: n("skim"), crowd: n("crowd"), dense: n("dense"), breath: rapid.IntRange(0, 3000).Draw(t, "breath")})
	})
}

func compare(t *rapid.T, l limits) {
	p := &pair{board: New[string](), model: newModel[string](), now: epoch}
	p.board.limits = l
	for range rapid.IntRange(1, 60).Draw(t, "tasks") {
		p.put(t)
	}
	steps := []func(*rapid.T){p.put, p.put, p.remove, p.exclude, p.setPoster, p.setTrust, p.pass, p.reserve, p.release, p.look, p.look, p.look, p.explain}
	for range rapid.IntRange(1, 80).Draw(t, "steps") {
		rapid.SampledFrom(steps).Draw(t, "step")(t)
	}
	p.check(t)
}
