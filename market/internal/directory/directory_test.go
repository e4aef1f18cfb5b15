package directory

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	someTags  = []string{"go", "Go", "python", "straße", "STRASSE", "x", "İ", "ｇｏ", "code-review", "codeReview", "Testing"}
	someWords = []string{"Go", "code", "reviews", "tests", "the", "review", "Straße", "strasse", "日本", "日本語", "e\u0301t", "été", "ﷺ", "ﬁx", "fix", "İstanbul", "a", "⑴", "c++"}
	someGlue  = []string{" ", ", ", "\n", "-"}
)

func some(t *rapid.T, label string, n int, list []string) []string {
	return rapid.SliceOfN(rapid.SampledFrom(list), 0, n).Draw(t, label)
}

func someText(t *rapid.T, label string, n int) string {
	return strings.Join(some(t, label, n, someWords), rapid.SampledFrom(someGlue).Draw(t, "glue"))
}

func someAgent(t *rapid.T) Agent {
	return Agent{
		ID: fmt.Sprint("ag-", rapid.IntRange(1, 150).Draw(t, "id")), Name: someText(t, "name", 2), GoodAt: someText(t, "good at", 6),
		Tags: some(t, "tags", 4, someTags), Reputation: rapid.SampledFrom([]float64{0, 1.25, 3.5, 4, 5}).Draw(t, "reputation"),
		RatingCount: int64(rapid.IntRange(0, 3).Draw(t, "ratings")), Completed: int64(rapid.IntRange(0, 4).Draw(t, "completed")),
		Suspended: rapid.IntRange(0, 5).Draw(t, "suspended") == 0, Infra: rapid.IntRange(0, 9).Draw(t, "infra") == 0,
	}
}

func TestDirectoryAgreesWithPlainModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, m := New(), newModel()
		d.breath = rapid.SampledFrom([]int{0, 300, breath}).Draw(t, "breath")
		for range rapid.IntRange(0, 300).Draw(t, "puts") {
			a := someAgent(t)
			if known, ok := m.Get(a.ID); ok && rapid.Bool().Draw(t, "only numbers") {
				known.Reputation, known.Completed = a.Reputation, a.Completed
				a = known
			}
			d.Put(a)
			m.Put(a)
		}
		for range 20 {
			checkTop(t, d, m)
			checkSearch(t, d, m)
		}
		except := some(t, "except", 3, []string{"ag-1", "ag-2", "ag-3"})
		if d.HasInfra(except...) != m.HasInfra(except...) || d.Len() != m.Len() {
			t.Fatalf("HasInfra %v, Len %d", d.HasInfra(except...), d.Len())
		}
		for id, want := range m.agents {
			if got, ok := d.Get(id); !ok || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("Get(%s) = %v, want %v", id, got, want)
			}
		}
	})
}

func checkTop(t *rapid.T, d *Directory, m *model) {
	weights := rapid.SampledFrom([][3]float64{{2, 1, 0.5}, {2, 1, 0.5}, {1, 1, 0}, {3, 1, 0.5}, {0.2, 0.1, 0.3}, {1, 0, 0}, {0, 1, 2}, {8, 2, -1}}).Draw(t, "weights")
	q := TopQuery{
		Tags: some(t, "tags", 3, someTags), Words: some(t, "words", 6, someWords), TagWeight: weights[0], WordWeight: weights[1], ReputationWeight: weights[2],
		Exclude: "ag-7", Least: rapid.SampledFrom([]float64{0, 1, 2.5}).Draw(t, "least"), Limit: rapid.SampledFrom([]int{0, 1, 5, 200}).Draw(t, "limit"),
	}
	if got, want := d.Top(q), m.Top(q); !slices.Equal(got, want) {
		t.Fatalf("Top(%+v)\n got %v\nwant %v", q, got, want)
	}
}

func checkSearch(t *rapid.T, d *Directory, m *model) {
	q := SearchQuery{
		Search: strings.Join(some(t, "terms", 2, someWords), " "), Tags: some(t, "tags", 2, someTags),
		MinReputation: rapid.SampledFrom([]float64{0, 0, 1.25, 4.5, 6}).Draw(t, "min reputation"),
		SortBy:        rapid.SampledFrom([]string{"", ByReputation, ByCompleted}).Draw(t, "sort by"),
		Offset:        rapid.SampledFrom([]int{0, 0, 1, 10, 500}).Draw(t, "offset"), Limit: rapid.IntRange(1, 40).Draw(t, "limit"),
	}
	ids, total, more := d.Search(q)
	wantIDs, wantTotal, wantMore := m.Search(q)
	if !slices.Equal(ids, wantIDs) || total != wantTotal || more != wantMore {
		t.Fatalf("Search(%+v)\n got %v %d %v\nwant %v %d %v", q, ids, total, more, wantIDs, wantTotal, wantMore)
	}
}

// An estimate that comes late must not hide what is known already: of two views of
// an agent the newer half of each counts, whichever comes first.
func TestTheNewestOfTwoViewsOfAnAgent(t *testing.T) {
	before := Agent{ID: "ag-1", Version: 2, Name: "eve", Suspended: true, Reputation: 4, RatingCount: 3, Completed: 9, Approved: 1, Rejected: 5}
	after := Agent{ID: "ag-1", Version: 3, Name: "eve", Tags: []string{"go"}, Reputation: 5, RatingCount: 2, Completed: 8, Approved: 2, Rejected: 4}
	want := Agent{ID: "ag-1", Version: 3, Name: "eve", Tags: []string{"go"}, Reputation: 4, RatingCount: 3, Completed: 9, Approved: 2, Rejected: 5}
	for name, got := range map[string]Agent{"the later last": after.Newest(before), "the later first": before.Newest(after)} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
