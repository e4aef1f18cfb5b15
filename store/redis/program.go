package redis

import (
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/pinchwork/pinchwork/store"
)

// program is what commit.lua runs: Changes compiled to rows that are read, guards
// on what they hold, and writes. Everything that can be known beforehand is
// computed here, so that the script only has to compare, write and number, and
// reads and writes each row of a hash once.
type program struct {
	keyspace
	keys  []string
	index map[string]int
	args  []any

	// The fields below are about the Change being compiled: how its result is read,
	// its rows, of which the first n are in use, and its guards and steps in the
	// form that the script takes.
	told          *compiled
	rows          []row
	n             int
	guards, steps wording
	// layout is a buffer for the numbers of the Change.
	layout []int
	// first is the index of its first key.
	first int
	// inserted are the fields that the Change inserts, to find one that inserts
	// the same thing twice.
	inserted []field
	// guardedAgents are the agents whose existence the Change already guards.
	guardedAgents []store.AgentID
}

type field struct{ key, name string }

// wording holds guards or steps in the form that the script takes: their words, and
// their numbers in the layout.
type wording struct {
	words   []any
	numbers []int
}

func (w *wording) reset() {
	clear(w.words)
	w.words, w.numbers = w.words[:0], w.numbers[:0]
}

// row is a hash that the Change reads: the fields that it asks for, those of them
// that it counts up or down, and all that it writes, the counters first.
type row struct {
	key            int
	fields         []string
	counted        []int
	moved, written []any
}

// programs keeps the memory of programs that have run.
var programs = sync.Pool{New: func() any { return &program{index: make(map[string]int, 64)} }}

func newProgram(k keyspace) *program {
	p := programs.Get().(*program)
	p.keyspace = k
	return p
}

// most bounds what a program in the pool may hold.
const mostArgs = 4_096

// release returns the program to the pool, without keeping what it refers to.
func (p *program) release() {
	if cap(p.args) > mostArgs {
		return
	}
	p.reset()
	clear(p.args)
	clear(p.keys)
	p.keys, p.args, p.told = p.keys[:0], p.args[:0], nil
	programs.Put(p)
}

// reset forgets the Change that was compiled last.
func (p *program) reset() {
	for i := range p.rows[:p.n] {
		p.rows[i].reset()
	}
	p.guards.reset()
	p.steps.reset()
	clear(p.index)
	clear(p.inserted)
	clear(p.guardedAgents)
	p.n, p.first, p.layout = 0, len(p.keys), p.layout[:0]
	p.inserted, p.guardedAgents = p.inserted[:0], p.guardedAgents[:0]
}

func (r *row) reset() {
	clear(r.fields)
	clear(r.moved)
	clear(r.written)
	r.fields, r.counted, r.moved, r.written = r.fields[:0], r.counted[:0], r.moved[:0], r.written[:0]
}

// key returns the index of a key among those of the Change, from 1.
func (p *program) key(name string) int {
	i, ok := p.index[name]
	if !ok {
		p.keys = append(p.keys, name)
		i = len(p.keys) - p.first
		p.index[name] = i
	}
	return i
}

// end assembles the Change for the script: its layout, then its words.
func (p *program) end() {
	header := len(p.args)
	p.args = append(p.args, nil)
	p.layout = append(p.layout, len(p.keys)-p.first, 0)
	p.putFields()
	p.layout = append(append(p.layout, len(p.guards.words)/2), p.guards.numbers...)
	p.args = append(p.args, p.guards.words...)
	p.putMoves()
	p.layout = append(p.layout, p.steps.numbers...)
	p.args = append(p.args, p.steps.words...)
	p.layout[1] = len(p.args) - header - 1
	p.args[header] = layoutText(p.layout)
}

func (p *program) putFields() {
	p.layout = append(p.layout, p.n)
	for i := range p.rows[:p.n] {
		r := &p.rows[i]
		p.layout = append(p.layout, r.key, len(r.fields))
		for _, name := range r.fields {
			p.args = append(p.args, name)
		}
	}
}

func (p *program) putMoves() {
	header := len(p.layout)
	p.layout = append(p.layout, 0)
	for i := range p.rows[:p.n] {
		r := &p.rows[i]
		if words := len(r.moved) + len(r.written); words > 0 {
			p.layout[header]++
			p.layout = append(append(p.layout, i+1, words, len(r.counted)), r.counted...)
			p.args = append(append(p.args, r.moved...), r.written...)
		}
	}
}

// longestBytes is how many numbers the script reads at once.
const longestBytes = 1_000

// layoutText writes numbers for the script: as bytes, or, when one of them does not
// fit, as decimals. The first byte says which.
func layoutText(numbers []int) string {
	out := make([]byte, 1, len(numbers)+1)
	out[0] = 1
	for _, n := range numbers {
		if n > math.MaxUint8 || len(numbers) > longestBytes {
			return decimals(numbers)
		}
		out = append(out, byte(n))
	}
	return string(out)
}

func decimals(numbers []int) string {
	out := []byte{0}
	for _, n := range numbers {
		out = strconv.AppendInt(append(out, ' '), int64(n), 10)
	}
	return string(out)
}

// row returns the number of the row of a hash, from 1, as the script counts.
func (p *program) row(key string) int {
	index := p.key(key)
	for i := range p.rows[:p.n] {
		if p.rows[i].key == index {
			return i + 1
		}
	}
	if p.n == len(p.rows) {
		p.rows = append(p.rows, row{})
	}
	p.rows[p.n].key = index
	p.n++
	return p.n
}

// read returns where the script finds the value of a hash's field: the row, and
// the place in it.
func (p *program) read(key, name string) (number, place int) {
	number = p.row(key)
	r := &p.rows[number-1]
	if i := slices.Index(r.fields, name); i >= 0 {
		return number, i + 1
	}
	r.fields = append(r.fields, name)
	return number, len(r.fields)
}

// guard adds a condition on a field, and the conflict that its failure is.
func (p *program) guard(c store.Conflict, name any, key, field string, arg any) {
	number, place := p.read(key, field)
	p.addGuard(c, name, arg, number, place)
}

// guardKey adds a condition on a key that is not a hash.
func (p *program) guardKey(c store.Conflict, name any, key string, arg any) {
	p.addGuard(c, name, arg, p.key(key), 0)
}

func (p *program) addGuard(c store.Conflict, name, arg any, numbers ...int) {
	p.guards.words = append(p.guards.words, name, arg)
	p.guards.numbers = append(p.guards.numbers, numbers...)
	p.told.conflicts = append(p.told.conflicts, c)
}

// fresh guards that a field of a hash does not exist and that the Change
// inserts it only once.
func (p *program) fresh(c store.Conflict, key, name string) {
	if p.repeated(key, name) {
		p.guardKey(c, "never", key, "")
		return
	}
	p.guard(c, "unset", key, name, "")
}

func (p *program) repeated(key, name string) bool {
	for _, f := range p.inserted {
		if f.name == name && f.key == key {
			return true
		}
	}
	p.inserted = append(p.inserted, field{key: key, name: name})
	return false
}

// count adds delta to a counter of a hash, unless it is 0.
func (p *program) count(key, name string, delta int64) {
	if delta == 0 {
		return
	}
	number, place := p.read(key, name)
	r := &p.rows[number-1]
	r.counted, r.moved = append(r.counted, place), append(r.moved, name, delta)
}

// set writes fields of a hash that the Change also reads.
func (p *program) set(key string, fieldsAndValues ...any) {
	r := &p.rows[p.row(key)-1]
	r.written = append(r.written, fieldsAndValues...)
}

// step adds a command, or one of the script's own steps, on a key. The name is
// of type any so that passing a constant does not allocate.
func (p *program) step(name any, key string, args ...any) { p.stepOn(p.key(key), name, args...) }

// stepOn is step for the index of a key, 0 for none.
func (p *program) stepOn(key int, name any, args ...any) {
	p.steps.words = append(append(p.steps.words, name), args...)
	p.steps.numbers = append(p.steps.numbers, key, len(args))
}

// with adds the step's numbers to the layout.
func (p *program) with(numbers ...int) { p.steps.numbers = append(p.steps.numbers, numbers...) }
