package matcher_test

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

//go:embed testdata/judged
var judgedFiles embed.FS

// judgedNeed is a need and how well agents fit it by meaning, judged by hand.
type judgedNeed struct {
	id     int
	kind   string
	task   market.PostInput
	grades map[market.AgentID]int
}

// rows calls each with the fields of every line of a judged file.
func rows(t *testing.T, file string, fields int, each func(f []string)) {
	t.Helper()
	f, err := judgedFiles.Open("testdata/judged/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			row := strings.Split(line, "|")
			if len(row) != fields {
				t.Fatalf("%s: %q has %d fields, want %d", file, line, len(row), fields)
			}
			for i := range row {
				row[i] = strings.TrimSpace(row[i])
			}
			each(row)
		}
	}
}

func list(s string) (out []string) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

const judgedPoster = market.AgentID("ag-the-poster")

// judgedAgents fills a store with the agents of the judged set.
func judgedAgents(t *testing.T) (*memory.Store, map[market.AgentID]bool) {
	t.Helper()
	known := map[market.AgentID]bool{}
	c := &store.Change{At: time.Now()}
	add := func(p *store.Profile, reputation float64) {
		p.Version = 1
		c.Agents = append(c.Agents, store.AgentWrite{New: p, Key: market.APIKey(p.ID).Digest()})
		account := store.AccountDelta{Agent: p.ID}
		if reputation > 0 {
			account.RatingSum, account.RatingCount = int64(math.Round(reputation*10)), 10
		}
		c.Accounts = append(c.Accounts, account)
		c.Transfers = append(c.Transfers, store.Transfer{
			ID: market.EntryID("le-" + string(p.ID)), From: store.PlatformAccount, To: store.AgentAccount(p.ID),
			Amount: 1000, Kind: store.EntryAdminGrant, Agent: p.ID,
		})
	}
	add(&store.Profile{ID: judgedPoster, Name: "the poster"}, 0)
	rows(t, "agents.txt", 4, func(f []string) {
		id := market.AgentID("ag-" + f[0])
		reputation, err := strconv.ParseFloat(f[1], 64)
		if err != nil || known[id] {
			t.Fatalf("agent %v: %v", f, err)
		}
		known[id] = true
		add(&store.Profile{ID: id, Name: f[0], Tags: list(f[2]), GoodAt: f[3]}, reputation)
	})
	s := memory.New()
	if _, err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return s, known
}

func judgedNeeds(t *testing.T, known map[market.AgentID]bool) (needs []judgedNeed) {
	t.Helper()
	rows(t, "needs.txt", 5, func(f []string) {
		n := judgedNeed{kind: f[1], grades: map[market.AgentID]int{}}
		n.task = market.PostInput{Need: f[3], Tags: list(f[2]), MaxCredits: 1}
		var err error
		if n.id, err = strconv.Atoi(f[0]); err != nil || n.id != len(needs)+1 {
			t.Fatalf("need %v: %v", f, err)
		}
		for _, judged := range strings.Fields(f[4]) {
			name, grade, _ := strings.Cut(judged, "=")
			id := market.AgentID("ag-" + name)
			if n.grades[id], err = strconv.Atoi(grade); err != nil || !known[id] {
				t.Fatalf("need %v: %q, %v", f, judged, err)
			}
		}
		needs = append(needs, n)
	})
	return needs
}

// overheard is a matcher of which the last answer is known.
type overheard struct {
	market.Matcher
	last market.Matches
}

func (o *overheard) Match(ctx context.Context, task market.MatchTask, dir market.Directory) (found market.Matches, err error) {
	o.last, err = o.Matcher.Match(ctx, task, dir)
	return o.last, err
}

// figures are how well many needs were matched, as shares.
type figures struct {
	needs                            int
	ndcg, recall, matched, wrongHead float64
	// nobody counts needs that nobody fits, and those of them that were matched.
	nobody, nobodyMatched int
}

func (f *figures) add(n judgedNeed, m market.Matches) {
	if n.kind == "nobody" {
		f.nobody++
		if len(m.Agents) > 0 {
			f.nobodyMatched++
		}
		return
	}
	f.needs++
	f.ndcg += ndcg(n.grades, m.Agents)
	f.recall += recall(n.grades, m.Agents)
	if len(m.Agents) > 0 {
		f.matched++
	}
	if m.HeadStart && !slices.ContainsFunc(m.Agents, func(id market.AgentID) bool { return n.grades[id] == 3 }) {
		f.wrongHead++
	}
}

func (f *figures) String() string {
	all := max(float64(f.needs), 1)
	return fmt.Sprintf("%3d needs: nDCG@5 %.3f  recall@5 %.3f  matched %.2f  shut out %.3f  nobody-needs matched %d/%d",
		f.needs, f.ndcg/all, f.recall/all, f.matched/all, f.wrongHead/all, f.nobodyMatched, f.nobody)
}

func ndcg(grades map[market.AgentID]int, found []market.AgentID) float64 {
	gain := func(grade, place int) float64 { return (math.Pow(2, float64(grade)) - 1) / math.Log2(float64(place)+2) }
	var got, ideal float64
	for i, id := range found {
		got += gain(grades[id], i)
	}
	sorted := make([]int, 0, len(grades))
	for _, grade := range grades {
		sorted = append(sorted, -grade)
	}
	slices.Sort(sorted)
	for i, grade := range sorted[:min(len(sorted), matcher.MaxMatches)] {
		ideal += gain(-grade, i)
	}
	return got / ideal
}

// recall is the share of the agents that fit well which were found.
func recall(grades map[market.AgentID]int, found []market.AgentID) float64 {
	var fit, hit float64
	for id, grade := range grades {
		if grade < 2 {
			continue
		}
		if fit++; slices.Contains(found, id) {
			hit++
		}
	}
	return hit / fit
}

// How well the built-in matcher finds whoever fits by meaning. Needs with odd ids
// are for tuning, those with even ids are held out: a matcher that is tuned too
// closely falls behind on them.
func TestMatchesAreRightByMeaning(t *testing.T) {
	s, known := judgedAgents(t)
	heard := &overheard{Matcher: matcher.New()}
	m, err := market.New(market.Config{Store: s, Matcher: heard})
	if err != nil {
		t.Fatal(err)
	}
	halves := [2]figures{}
	kinds := map[string]*figures{"no tags": {}}
	poster := m.As(judgedPoster)
	for _, n := range judgedNeeds(t, known) {
		if _, err := poster.Post(t.Context(), n.task); err != nil {
			t.Fatal(err)
		}
		halves[n.id%2].add(n, heard.last)
		if kinds[n.kind] == nil {
			kinds[n.kind] = &figures{}
		}
		kinds[n.kind].add(n, heard.last)
		if len(n.task.Tags) == 0 {
			kinds["no tags"].add(n, heard.last)
		}
		if testing.Verbose() && (ndcg(n.grades, heard.last.Agents) < 0.99 || n.kind == "nobody") {
			t.Log(n.id, n.kind, n.task.Need, n.task.Tags, n.grades, "->", heard.last)
		}
	}
	for kind, f := range kinds {
		t.Logf("%-10s %s", kind, f)
	}
	for half, f := range map[string]figures{"held out": halves[0], "tuned": halves[1]} {
		t.Logf("%-10s %s", half, &f)
		f.check(t, half)
	}
	if n := halves[0].nobodyMatched + halves[1].nobodyMatched; n > 6 {
		t.Errorf("%d of 10 needs that nobody fits were matched, want 6 or fewer", n)
	}
}

// check holds the figures against their floors, a little below what was reached.
func (f *figures) check(t *testing.T, half string) {
	t.Helper()
	all := float64(f.needs)
	if all != 70 || f.nobody != 5 {
		t.Fatalf("%s: %v needs that somebody fits, and %d that nobody fits", half, all, f.nobody)
	}
	if f.ndcg/all < 0.60 || f.recall/all < 0.62 || f.matched/all < 0.75 || f.wrongHead/all > 0.10 {
		t.Errorf("%s: below a floor: %s", half, f)
	}
}
