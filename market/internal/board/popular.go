package board

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// TagCount is a tag, folded, and how many tasks have it.
type TagCount struct {
	Tag   string
	Tasks int
}

// PopularTags returns the tags that most tasks have, most first, at most limit, and
// counts all that some task has. Among equals that do not all fit, it is not promised
// which ones come. Counted are the tasks of unsuspended posters that everybody may know
// of, kept for a head start or not, by their own tags: neither system tasks nor direct
// hires that are not open. Its cost grows with limit only.
func (b *Board[V]) PopularTags(now time.Time, limit int) (top []TagCount, total int) {
	b.rlock(instant(now))
	for _, n := range b.tags.popular.order[:min(limit, len(b.tags.popular.order))] {
		top = append(top, TagCount{b.tags.list[n].name, b.tags.list[n].shown})
	}
	total = len(b.tags.popular.order)
	b.mu.RUnlock()
	slices.SortFunc(top, func(a, b TagCount) int {
		return cmp.Or(cmp.Compare(b.Tasks, a.Tasks), strings.Compare(a.Tag, b.Tag))
	})
	return top, total
}

// TasksWith counts the tasks with each of the tags, as PopularTags does.
func (b *Board[V]) TasksWith(now time.Time, tags ...string) []int {
	b.rlock(instant(now))
	defer b.mu.RUnlock()
	counts := make([]int, len(tags))
	for i, name := range tags {
		if n, ok := b.tags.numbers[text.FoldTag(name)]; ok {
			counts[i] = b.tags.list[n].shown
		}
	}
	return counts
}

// popular keeps the tags that are shown on some task in the order of how many, so that
// one more or less moves a tag once.
type popular struct {
	// order lists the tags, most shown first, equals in no order; each knows its place.
	order []uint32
	// above[c] counts the tags that are shown on more than c tasks.
	above []int
}

// show counts a task more for the tag.
func (t *tags) show(n uint32) {
	p, tag := &t.popular, &t.list[n]
	if tag.shown == 0 {
		tag.place = len(p.order)
		p.order = append(p.order, n)
	}
	if tag.shown == len(p.above) {
		p.above = append(p.above, 0)
	}
	t.swap(tag.place, p.above[tag.shown])
	p.above[tag.shown]++
	tag.shown++
}

// hide counts a task less.
func (t *tags) hide(n uint32) {
	p, tag := &t.popular, &t.list[n]
	tag.shown--
	p.above[tag.shown]--
	t.swap(tag.place, p.above[tag.shown])
	if tag.shown == 0 {
		p.order = p.order[:len(p.order)-1]
	}
}

func (t *tags) swap(i, j int) {
	order := t.popular.order
	order[i], order[j] = order[j], order[i]
	t.list[order[i]].place, t.list[order[j]].place = i, j
}

// showTags counts a task in its own tags, or no longer, when everybody may know of it.
func (b *Board[V]) showTags(slot uint32, count func(*tags, uint32)) {
	t := b.tasks[slot]
	for _, ref := range t.tags[:t.own] {
		count(&b.tags, ref.tag)
	}
}

// know puts a task that everybody may know of into what PopularTags counts.
func (b *Board[V]) know(slot uint32, s state) {
	n := b.marks[slot].poster
	if s == held {
		of := b.agents.list[n]
		b.tasks[slot].kept = uint32(len(of.kept))
		of.kept = append(of.kept, slot)
		b.kept.insert(b.keptEntry(slot))
	}
	if !b.agents.standings[n].suspended {
		b.showTags(slot, (*tags).show)
	}
}

func (b *Board[V]) keptEntry(slot uint32) entry {
	return entry{at: b.tasks[slot].headStart, seq: b.marks[slot].seq, ref: slot}
}

// forget is the reverse of know.
func (b *Board[V]) forget(slot uint32, s state) {
	n := b.marks[slot].poster
	if s == held {
		of := b.agents.list[n]
		last := of.kept[len(of.kept)-1]
		of.kept[b.tasks[slot].kept], b.tasks[last].kept = last, b.tasks[slot].kept
		of.kept = of.kept[:len(of.kept)-1]
		b.kept.remove(b.keptEntry(slot))
	}
	if !b.agents.standings[n].suspended {
		b.showTags(slot, (*tags).hide)
	}
}

// showAllOf counts all tasks of a poster that everybody may know of, or none of them any
// more.
func (b *Board[V]) showAllOf(n uint32, count func(*tags, uint32)) {
	for e := range b.agents.list[n].tasks.all {
		b.showTags(e.ref, count)
	}
	for _, slot := range b.agents.list[n].kept {
		b.showTags(slot, count)
	}
}
