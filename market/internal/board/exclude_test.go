package board

import "testing"

// A task that is put again may have been read before an agent was excluded, at any
// version that is not older than known: the agent stays excluded, whether it was by
// Exclude or by an earlier Put, until the task leaves the board.
func TestExclusionsOutliveWhatIsReadLate(t *testing.T) {
	first := Task[string]{ID: "tk-1", Version: 1, Poster: "ag-1", Need: "Review my code", Infra: []string{"ag-3"}}
	same, newer, texts := first, first, first
	newer.Version, texts.Need = 2, "Review my texts"
	for name, late := range map[string]Task[string]{"the same version": same, "a newer version": newer, "other texts": texts} {
		t.Run(name, func(t *testing.T) {
			late.Infra = nil
			b := New[string]()
			b.Put(first)
			b.Exclude("tk-1", "ag-2")
			for range 2 {
				b.Put(late)
			}
			for agent, want := range map[string]int{"ag-2": 0, "ag-3": 0, "ag-4": 1} {
				if _, n, _ := b.Page(Query{Agent: agent, Now: epoch}, 0, 10, 10); n != want {
					t.Errorf("%s is offered %d tasks, want %d", agent, n, want)
				}
			}
			b.Remove("tk-1", 2)
			late.Version = 3
			b.Put(late)
			if _, n, _ := b.Page(Query{Agent: "ag-2", Now: epoch}, 0, 10, 10); n != 1 {
				t.Errorf("after the task had left the board and is open again, %d are offered", n)
			}
		})
	}
}
