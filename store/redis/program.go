package redis

import (
	"sync"

	"github.com/pinchwork/pinchwork/store"
)

// program is what commit.lua runs: Changes compiled to guards and writes. All
// that can be known beforehand is worked out here, so that the script need
// only compare, write and number.
type program struct {
	keyspace
	keys  []string
	index map[string]int
	args  []any
	// changes has an element for each Change compiled so far.
	changes []compiled
	// inserted are the fields that the present Change inserts, to find one that
	// inserts the same thing twice.
	inserted []field
	// guardedAgents are those of which the present Change has guarded that they exist.
	guardedAgents []store.AgentID
}

// compiled is what a Change needs to be told its outcome: what the failure of
// each guard is called, in their order.
type compiled struct{ conflicts []store.Conflict }

type field struct{ key, name string }

// programs keeps the memory of programs that have run.
var programs = sync.Pool{New: func() any { return &program{index: make(map[string]int, 64)} }}

// newProgram starts a program with the keys that stand in every one
// (commit.lua).
func newProgram(k keyspace, mode any) *program {
	p := programs.Get().(*program)
	p.keyspace = k
	for _, key := range []string{k.counters(), k.entries(), k.feed(), k.oldest(), k.hooks(), k.jobs()} {
		p.key(key)
	}
	p.args = append(p.args, mode)
	return p
}

// most bounds what a program in the pool may hold.
const mostArgs = 4_096

// release gives the memory back, without what it refers to.
func (p *program) release() {
	if cap(p.args) > mostArgs {
		return
	}
	clear(p.index)
	clear(p.args)
	clear(p.keys)
	clear(p.inserted)
	clear(p.guardedAgents)
	p.keys, p.args, p.inserted, p.changes = p.keys[:0], p.args[:0], p.inserted[:0], nil
	programs.Put(p)
}

// key returns the index of a key for the script.
func (p *program) key(name string) int {
	i, ok := p.index[name]
	if !ok {
		p.keys = append(p.keys, name)
		i = len(p.keys)
		p.index[name] = i
	}
	return i
}

// begin starts a Change; the two counts that it puts first are filled in by
// guarded and end.
func (p *program) begin() (header int) {
	p.changes = append(p.changes, compiled{})
	p.inserted, p.guardedAgents = p.inserted[:0], p.guardedAgents[:0]
	p.args = append(p.args, 0, 0)
	return len(p.args) - 2
}

func (p *program) guarded(header int) { p.args[header] = len(p.args) - header - 2 }

func (p *program) end(header int) {
	guards, _ := p.args[header].(int)
	p.args[header+1] = len(p.args) - header - 2 - guards
}

// guard adds a condition, and what its failure is called.
func (p *program) guard(c store.Conflict, name any, key string, args ...any) {
	change := &p.changes[len(p.changes)-1]
	change.conflicts = append(change.conflicts, c)
	p.write(name, key, args...)
}

// fresh guards that a field of a hash is missing, also from the Change itself.
func (p *program) fresh(c store.Conflict, key, name string) {
	if p.repeated(key, name) {
		p.guard(c, "never", key)
		return
	}
	p.guard(c, "unset", key, name)
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

// write adds a command, or one of the script's own writes, on a key. The name
// is any so that a constant takes no memory.
func (p *program) write(name any, key string, args ...any) {
	p.args = append(p.args, name, p.key(key), len(args))
	p.args = append(p.args, args...)
}

// writeKeyless adds one of the script's own writes that has no key of its own.
func (p *program) writeKeyless(name any, args ...any) {
	p.args = append(p.args, name, 0, len(args))
	p.args = append(p.args, args...)
}
