package matcher_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
)

// agent is what the directory of these tests knows.
type agent struct {
	id         market.AgentID
	tags       []string
	goodAt     string
	reputation float64
}

// plain is a directory that scores every agent as market.TopQuery says.
type plain []agent

func (p plain) Top(q market.TopQuery) []market.Candidate {
	var out []market.Candidate
	for _, a := range p {
		tags, words := shared(q.Tags, a.tags), shared(q.Words, strings.Fields(a.goodAt))
		if a.id != q.Exclude && tags+words > 0 {
			out = append(out, market.Candidate{
				ID: a.id, Score: q.TagWeight*tags + q.WordWeight*words + q.ReputationWeight*a.reputation,
				Reputation: a.reputation, Tags: int(tags), Words: int(words),
			})
		}
	}
	slices.SortFunc(out, func(a, b market.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), q.Limit)]
}

// Reputable lists agents as market.Directory says.
func (p plain) Reputable(exclude market.AgentID, limit int) []market.Candidate {
	all := slices.Clone(p)
	slices.SortStableFunc(all, func(a, b agent) int { return cmp.Compare(b.reputation, a.reputation) })
	var out []market.Candidate
	for _, a := range all {
		if a.id != exclude && len(out) < limit {
			out = append(out, market.Candidate{ID: a.id})
		}
	}
	return out
}

// Profile knows what the test gave.
func (p plain) Profile(id market.AgentID) (market.DirectoryProfile, bool) {
	i := slices.IndexFunc(p, func(a agent) bool { return a.id == id })
	if i < 0 {
		return market.DirectoryProfile{}, false
	}
	return market.DirectoryProfile{ID: id, GoodAt: p[i].goodAt, Tags: p[i].tags, Reputation: p[i].reputation}, true
}

func shared(a, b []string) (n float64) {
	have := map[string]bool{}
	for _, s := range b {
		have[strings.ToLower(s)] = true
	}
	for _, s := range a {
		if have[strings.ToLower(s)] {
			have[strings.ToLower(s)] = false
			n++
		}
	}
	return n
}

func TestMatch(t *testing.T) {
	dir := plain{
		{"ag-1", []string{"go"}, "reviewing code", 1},
		{"ag-2", []string{"Go", "testing"}, "writing tests", 0},
		{"ag-3", nil, "review of Go code for security", 4},
		{"ag-4", nil, "cooking", 5},
		{"ag-5", []string{"go"}, "", 0},
		{"ag-6", []string{"go"}, "", 0.5},
		{"ag-7", []string{"go"}, "", 1.5},
	}
	for _, tt := range []struct {
		name string
		task market.MatchTask
		want []market.AgentID
	}{
		{"tags, keywords and reputation", market.MatchTask{Need: "Please review the code", Tags: []string{"GO"}}, []market.AgentID{"ag-3", "ag-1", "ag-7", "ag-6", "ag-2"}},
		{"tags win over words", market.MatchTask{Need: "tests", Tags: []string{"go", "testing"}}, []market.AgentID{"ag-2", "ag-7", "ag-1", "ag-6", "ag-5"}},
		{"never the poster", market.MatchTask{Need: "cooking", Poster: "ag-4"}, []market.AgentID{}},
		{"reputation alone is no match", market.MatchTask{Need: "translate"}, []market.AgentID{}},
		{"stop words do not count", market.MatchTask{Need: "for the of with"}, []market.AgentID{}},
		{"words under 3 characters do not count", market.MatchTask{Need: "go of"}, []market.AgentID{}},
		{"the context does not count", market.MatchTask{Need: "x", Context: "cooking"}, []market.AgentID{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := matcher.New().Match(context.Background(), tt.task, dir)
			if err != nil || !slices.Equal(got.Agents, tt.want) {
				t.Errorf("Match: %v %v, want %v", got, err, tt.want)
			}
		})
	}
}

// One word that two texts have in common may be chance; a tag or two words are
// not. The reputation does not count for it.
func TestHeadStartNeedsATagOrTwoKeywords(t *testing.T) {
	for _, tt := range []struct {
		name string
		task market.MatchTask
		dir  plain
		want bool
	}{
		{"one keyword", market.MatchTask{Need: "review"}, plain{{"ag-1", nil, "review", 0}}, false},
		{"one keyword and the best reputation", market.MatchTask{Need: "review"}, plain{{"ag-1", nil, "review", 5}}, false},
		{"two keywords", market.MatchTask{Need: "review code"}, plain{{"ag-1", nil, "code review", 0}}, true},
		{"two keywords and an uneven reputation", market.MatchTask{Need: "review code"}, plain{{"ag-1", nil, "code review", 4.37}}, true},
		{"a tag", market.MatchTask{Need: "x", Tags: []string{"go"}}, plain{{"ag-1", []string{"Go"}, "", 3.33}}, true},
		{"a keyword each", market.MatchTask{Need: "review code"}, plain{{"ag-1", nil, "review", 5}, {"ag-2", nil, "code", 1}}, false},
		{"the second has two", market.MatchTask{Need: "review code"}, plain{{"ag-1", nil, "review", 5}, {"ag-2", nil, "code review", 0}}, true},
		{"nobody", market.MatchTask{Need: "translate"}, plain{{"ag-1", nil, "review", 5}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := matcher.New().Match(context.Background(), tt.task, tt.dir)
			if err != nil || got.HeadStart != tt.want {
				t.Errorf("Match: %+v %v, want a head start: %v", got, err, tt.want)
			}
		})
	}
}

func TestCandidatesAreTheMatchesAndMore(t *testing.T) {
	var dir plain
	for i := range 300 {
		dir = append(dir, agent{market.AgentID(fmt.Sprintf("ag-%03d", i)), []string{"go"}, "code", float64(i%50) / 10})
	}
	task := market.MatchTask{Need: "code", Tags: []string{"go"}, Poster: "ag-049"}
	found, err := matcher.New().Match(context.Background(), task, dir)
	matches := found.Agents
	if err != nil || len(matches) != matcher.MaxMatches {
		t.Fatalf("Match: %v %v", matches, err)
	}
	candidates, err := matcher.New().Candidates(context.Background(), task, dir, 200)
	if err != nil || len(candidates) != 200 || !slices.Equal(candidates[:len(matches)], matches) || slices.Contains(candidates, "ag-049") {
		t.Fatalf("Candidates: %v %v", candidates, err)
	}
}

func TestCandidatesWithoutAScoreComeLast(t *testing.T) {
	dir := plain{
		{"ag-1", nil, "cooking", 5}, {"ag-2", []string{"go"}, "", 0}, {"ag-3", nil, "", 4}, {"ag-4", nil, "", 3}, {"ag-5", nil, "", 2},
	}
	task := market.MatchTask{Need: "translate", Tags: []string{"go"}, Poster: "ag-3"}
	got, err := matcher.New().Candidates(context.Background(), task, dir, 3)
	if want := []market.AgentID{"ag-2", "ag-1", "ag-4"}; err != nil || !slices.Equal(got, want) {
		t.Fatalf("Candidates: %v, %v, want %v", got, err, want)
	}
	if got, err := matcher.New().Match(context.Background(), task, dir); err != nil || !slices.Equal(got.Agents, []market.AgentID{"ag-2"}) {
		t.Fatalf("Match: %v, %v", got, err)
	}
}

func TestMatchStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := matcher.New().Match(ctx, market.MatchTask{Need: "code"}, plain{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
}

func TestKeywords(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"Review my Go code, and then review it again.", []string{"review", "code"}},
		{"C++ / Rust-lang; K8s", []string{"rust", "lang", "k8s"}},
		{"STRASSE Straße", []string{"strasse"}},
		{"ｆｕｌｌ width", []string{"full", "width"}},
		{"日本語 翻訳する", []string{"日本語", "翻訳する"}},
		{"cafe\u0301 CAFÉ", []string{"café"}},
		{"don't", nil},
	} {
		if got := matcher.Keywords(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("Keywords(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestStopWordsAreSortedAndCanMatter(t *testing.T) {
	words := matcher.StopWords()
	if !slices.IsSorted(words) {
		t.Error("not in alphabetical order")
	}
	for _, w := range words {
		if len(w) < 3 {
			t.Errorf("%q is too short to need an entry", w)
		}
		if got := matcher.Keywords(w); len(got) != 0 {
			t.Errorf("Keywords(%q) = %q", w, got)
		}
	}
}

// The score by hand, for random agents and tasks.
func TestMatchAgreesWithTheContract(t *testing.T) {
	words := []string{"code", "review", "the", "go", "security", "tests", "with"}
	some := func(t *rapid.T, label string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(words), 0, 6).Draw(t, label)
	}
	rapid.Check(t, func(t *rapid.T) {
		var dir plain
		for i := range rapid.IntRange(0, 12).Draw(t, "agents") {
			dir = append(dir, agent{
				market.AgentID(fmt.Sprint("ag-", i)), some(t, "tags"), strings.Join(some(t, "good at"), " "),
				rapid.SampledFrom([]float64{0, 1.5, 5}).Draw(t, "reputation"),
			})
		}
		task := market.MatchTask{Need: strings.Join(some(t, "need"), " "), Tags: some(t, "task tags"), Poster: "ag-3"}
		got, err := matcher.New().Match(context.Background(), task, dir)
		if want := byHand(task, dir); err != nil || !slices.Equal(got.Agents, want) {
			t.Fatalf("Match(%+v, %+v) = %v %v, want %v", task, dir, got, err, want)
		}
	})
}

func byHand(task market.MatchTask, dir plain) []market.AgentID {
	score := map[market.AgentID]float64{}
	ids := []market.AgentID{}
	for _, a := range dir {
		s := 2 * shared(task.Tags, a.tags)
		for _, w := range []string{"code", "review", "security", "tests"} {
			if slices.Contains(strings.Fields(task.Need), w) && slices.Contains(strings.Fields(a.goodAt), w) {
				s++
			}
		}
		if s > 0 && a.id != task.Poster {
			score[a.id] = s + a.reputation/2
			ids = append(ids, a.id)
		}
	}
	slices.SortFunc(ids, func(a, b market.AgentID) int {
		return cmp.Or(cmp.Compare(score[b], score[a]), cmp.Compare(a, b))
	})
	return ids[:min(len(ids), matcher.MaxMatches)]
}
