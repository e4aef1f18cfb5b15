package board

import (
	"fmt"
	"testing"
	"time"
)

// However many direct hires others have, no query walks over them: they are in no list
// of tags, words or posters. Those whom they are for find them by all of these.
func TestDirectHiresAreInNoListOfOthers(t *testing.T) {
	b, opens := New[int](), epoch.Add(time.Hour)
	for i := range 500 {
		b.Put(Task[int]{
			ID: fmt.Sprint("tk-", i), Version: 1, Seq: int64(i), Poster: "ag-1", Need: fmt.Sprintf("secret%d word", i),
			Tags: []string{"go"}, CreatedAt: epoch, Direct: []string{"ag-2", "ag-3"}, OpensAt: opens,
		})
	}
	walked := func() int {
		tag := &b.tags.list[b.tags.numbers["go"]]
		return b.texts.Words() + len(tag.open) + len(tag.rest) + b.everybody.len + b.agents.heads.len
	}
	if n := walked(); n != 0 {
		t.Errorf("%d entries are in the lists of others", n)
	}
	found := func(agent string, now time.Time) int {
		offers, total, _ := b.Page(Query{Agent: agent, Tags: []string{"GO"}, Search: "SECRET499 wor", Now: now}, 0, 1_000, 1_000)
		if len(offers) != total {
			t.Errorf("%d offers of %d", len(offers), total)
		}
		return total
	}
	if own, others := found("ag-3", epoch), found("ag-4", epoch); own != 1 || others != 0 {
		t.Errorf("found %d, and by others %d", own, others)
	}
	if own, others := found("ag-3", opens), found("ag-4", opens); own != 1 || others != 1 || walked() == 0 {
		t.Errorf("once open, found %d, and by others %d", own, others)
	}
}
