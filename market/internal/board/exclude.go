package board

import "slices"

// Exclude keeps an agent from being offered a task for as long as it is on the
// board, whatever is Put later: it has begun to match or verify it. Nothing happens
// when the task is not on the board.
func (b *Board[V]) Exclude(id, agent string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	slot, ok := b.slots[id]
	if !ok {
		return
	}
	t := b.tasks[slot]
	n := b.agents.use(agent)
	if slices.Contains(t.conflicts, n) {
		b.agents.drop(n)
		return
	}
	t.conflicts = append(t.conflicts, n)
	b.agents.list[n].conflicts.add(slot, len(b.tasks))
	b.marks[slot].conflicts = true
}

// excluded returns the agents that are not offered the task of a slot.
func (b *Board[V]) excluded(slot uint32) []string {
	var ids []string
	for _, n := range b.tasks[slot].conflicts {
		ids = append(ids, b.agents.list[n].id)
	}
	return ids
}
