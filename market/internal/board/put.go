package board

import (
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Put adds an open task or replaces what was known about it. An older version
// than known is ignored, and so is one that is not newer than a recent Remove;
// the same version replaces, since its Infra may have grown. Whoever has been
// excluded stays so for as long as the board knows the task. The cost grows with
// the task's own size and that of its exclusions alone.
func (b *Board[V]) Put(t Task[V]) { b.put(t, t.Version) }

// Add is Put of a task that was just posted. If the board knows it already, that
// was read later, and stays.
func (b *Board[V]) Add(t Task[V]) { b.put(t, t.Version-1) }

// put replaces what is known, unless its version is above newest.
func (b *Board[V]) put(t Task[V], newest int64) {
	p := b.prepare(&t)
	b.mu.Lock()
	defer b.mu.Unlock()
	if closed, ok := b.tomb.version(t.ID); ok && t.Version <= closed {
		return
	}
	slot, known := b.slots[t.ID]
	if known && b.tasks[slot].version > newest {
		return
	}
	if known {
		// What was read may be older than an exclusion, whatever its version.
		t.Infra = slices.Concat(t.Infra, b.excluded(slot))
	}
	if known && b.tasks[slot].texts != p.texts {
		b.take(slot)
		known = false
	}
	if known {
		b.clearOut(slot)
	} else {
		slot = b.newSlot(&t, p)
	}
	b.fill(slot, &t, p)
	b.wake.ring()
}

// prepared is what can be computed from a task without the lock.
type prepared struct {
	texts uint64
	// tags are distinct and folded; the first own are the task's own.
	tags []string
	own  int
	// doc is nil when the board seems to know the texts.
	doc *text.Document
}

func (b *Board[V]) prepare(t *Task[V]) prepared {
	p := prepared{texts: b.digest(t)}
	for _, s := range t.Tags {
		p.addTag(s)
	}
	p.own = len(p.tags)
	for _, s := range t.Extracted {
		p.addTag(s)
	}
	if b.isNew(t.ID, p.texts) {
		p.doc = split(t)
	}
	return p
}

func split[V any](t *Task[V]) *text.Document {
	doc := text.NewDocument(t.Need, t.Context)
	return &doc
}

func (p *prepared) addTag(s string) {
	if s = text.FoldTag(s); !slices.Contains(p.tags, s) {
		p.tags = append(p.tags, s)
	}
}

// digest tells texts apart. Two different texts have the same digest once in
// 2⁶⁴ times, which is safe enough, since texts hardly ever change.
func (b *Board[V]) digest(t *Task[V]) uint64 {
	var h maphash.Hash
	h.SetSeed(b.seed)
	_, _ = h.WriteString(t.Need)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(t.Context)
	return h.Sum64()
}

func (b *Board[V]) isNew(id string, texts uint64) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	slot, ok := b.slots[id]
	return !ok || b.tasks[slot].texts != texts
}

func (b *Board[V]) newSlot(t *Task[V], p prepared) uint32 {
	if p.doc == nil {
		p.doc = split(t)
	}
	add := b.texts.Add
	if len(t.Direct) > 0 {
		add = b.texts.AddApart
	}
	slot := add(*p.doc)
	for int(slot) >= len(b.tasks) {
		b.tasks, b.marks = append(b.tasks, nil), append(b.marks, mark{})
	}
	for int(slot/64) >= len(b.reserved) {
		b.growReserved()
	}
	b.tasks[slot] = &task[V]{id: t.ID}
	b.slots[t.ID] = slot
	return slot
}

// growReserved makes room by doubling; the bits are copied one word at a time
// because they are atomic.
func (b *Board[V]) growReserved() {
	grown := make([]atomic.Uint64, 2*len(b.reserved)+16)
	for i := range b.reserved {
		grown[i].Store(b.reserved[i].Load())
	}
	b.reserved = grown
}

// fill sets a slot that is in no index, and places it.
func (b *Board[V]) fill(slot uint32, in *Task[V], p prepared) {
	t := b.tasks[slot]
	t.version, t.value, t.texts, t.own = in.Version, in.Value, p.texts, p.own
	t.headStart, t.closes = in.heldUntil(), never
	if !in.ClosesAt.IsZero() {
		t.closes = instant(in.ClosesAt)
	}
	t.tags = make([]tagRef, len(p.tags))
	for i, name := range p.tags {
		t.tags[i].tag = b.tags.use(name)
	}
	m := mark{at: instant(in.CreatedAt), seq: in.Seq, poster: noAgent, direct: len(in.Direct) > 0}
	kind := system
	if !in.System {
		m.poster, kind = b.agents.use(in.Poster), open
		if t.matched = b.useAll(in.Direct); !m.direct {
			t.matched = b.useAll(in.Matched)
		}
	}
	m.matched = len(t.matched) > 0
	t.conflicts = b.useAll(in.Excluded, in.Infra)
	for _, n := range t.conflicts {
		b.agents.list[n].conflicts.add(slot, len(b.tasks))
	}
	m.conflicts = len(t.conflicts) > 0
	b.marks[slot] = m
	b.place(slot, kind)
}

// heldUntil is the instant from which a task with matched agents is everybody's.
func (t *Task[V]) heldUntil() int64 {
	switch {
	case len(t.Direct) == 0:
		return instant(t.HeadStart)
	case t.OpensAt.IsZero():
		return never
	}
	return instant(t.OpensAt)
}

// useAll numbers the agents, each once, in order.
func (b *Board[V]) useAll(lists ...[]string) []uint32 {
	var out []uint32
	for _, ids := range lists {
		for _, id := range ids {
			if n := b.agents.use(id); slices.Contains(out, n) {
				b.agents.drop(n)
			} else {
				out = append(out, n)
			}
		}
	}
	return slices.Clip(out)
}

// clearOut is the reverse of fill.
func (b *Board[V]) clearOut(slot uint32) {
	b.displace(slot)
	t := b.tasks[slot]
	for _, ref := range t.tags {
		b.tags.drop(ref.tag)
	}
	for _, n := range t.conflicts {
		b.agents.list[n].conflicts.remove(slot)
		b.agents.drop(n)
	}
	for _, n := range t.matched {
		b.agents.drop(n)
	}
	if n := b.marks[slot].poster; n != noAgent {
		b.agents.drop(n)
	}
	t.tags, t.matched, t.conflicts = nil, nil, nil
	b.marks[slot] = mark{}
}

// Remove takes a task off the board that is no longer open as of the version. A
// known newer version stays; older ones that arrive later are ignored.
func (b *Board[V]) Remove(id string, version int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tomb.add(id, version)
	if slot, ok := b.slots[id]; ok && b.tasks[slot].version <= version {
		b.take(slot)
	}
}

// take empties a slot.
func (b *Board[V]) take(slot uint32) {
	b.clearOut(slot)
	delete(b.slots, b.tasks[slot].id)
	b.tasks[slot] = nil
	b.reserved[slot/64].And(^(uint64(1) << (slot % 64)))
	b.texts.Remove(slot)
}

// maxTombstones is how many removals are remembered: far more than happen
// while an older version of a task may still be on its way.
const maxTombstones = 1 << 16

// tombstones remember the versions at which recently removed tasks were closed.
type tombstones struct {
	versions map[string]int64
	ring     []string
	next     int
}

func (t *tombstones) version(id string) (int64, bool) {
	v, ok := t.versions[id]
	return v, ok
}

func (t *tombstones) add(id string, version int64) {
	if t.versions == nil {
		t.versions = map[string]int64{}
	}
	if known, ok := t.versions[id]; ok {
		t.versions[id] = max(known, version)
		return
	}
	t.versions[id] = version
	if len(t.ring) < maxTombstones {
		t.ring = append(t.ring, id)
		return
	}
	delete(t.versions, t.ring[t.next])
	t.ring[t.next] = id
	t.next = (t.next + 1) % maxTombstones
}
