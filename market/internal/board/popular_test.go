package board

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// PopularTags counts the tasks of each tag that everybody may know of.
func (b *model[V]) PopularTags(p *pair) []TagCount {
	counts := map[string]int{}
	for _, t := range b.tasks {
		opened := !t.OpensAt.IsZero() && !p.now.Before(t.OpensAt)
		closed := !t.ClosesAt.IsZero() && !p.now.Before(t.ClosesAt)
		if t.System || closed || b.susp[t.Poster] || len(t.Direct) > 0 && !opened {
			continue
		}
		own := map[string]bool{}
		for _, tag := range t.Tags {
			own[text.FoldTag(tag)] = true
		}
		for tag := range own {
			counts[tag]++
		}
	}
	var out []TagCount
	for tag, n := range counts {
		out = append(out, TagCount{tag, n})
	}
	slices.SortFunc(out, func(a, b TagCount) int { return cmp.Or(cmp.Compare(b.Tasks, a.Tasks), strings.Compare(a.Tag, b.Tag)) })
	return out
}

func (p *pair) popular(t *rapid.T) {
	want := p.model.PopularTags(p)
	if got, total := p.board.PopularTags(p.now, 100); !slices.Equal(got, want) || total != len(want) {
		t.Fatalf("PopularTags %v of %d, want %v", got, total, want)
	}
	few, _ := p.board.PopularTags(p.now, 2)
	for i := range few {
		if few[i].Tasks != want[i].Tasks {
			t.Fatalf("the first 2 are %v of %v", few, want)
		}
	}
	for _, tag := range someTags {
		n := 0
		if i := slices.IndexFunc(want, func(c TagCount) bool { return c.Tag == text.FoldTag(tag) }); i >= 0 {
			n = want[i].Tasks
		}
		if got := p.board.TasksWith(p.now, tag); got[0] != n {
			t.Fatalf("TasksWith %q: %d, want %d", tag, got[0], n)
		}
	}
}

func TestThePopularTagsAreCountedAsTheyChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{board: New[string](), model: newModel[string](), now: epoch}
		steps := []func(*rapid.T){p.put, p.put, p.put, p.remove, p.setPoster, p.setPoster, p.pass, p.popular}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			rapid.SampledFrom(steps).Draw(t, "step")(t)
		}
		p.popular(t)
	})
}
