package redis

import (
	"strconv"

	"github.com/pinchwork/pinchwork/market"
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
	// err is the first that encoding met.
	err error
}

// compiled is what a Change needs to be told its outcome.
type compiled struct {
	// conflicts are the guards in their order.
	conflicts []market.Conflict
	// once are the fields that must be new, to find a Change that inserts the
	// same thing twice.
	once map[string]bool
}

// fixedKeys is the number of keys that stand in every program (commit.lua).
const fixedKeys = 6

func newProgram(k keyspace, mode string) *program {
	p := &program{
		keyspace: k,
		keys:     append(make([]string, 0, 24), k.counters(), k.entries(), k.feed(), k.oldest(), k.hooks(), k.jobs()),
		index:    make(map[string]int, 24),
		args:     append(make([]any, 0, 128), mode),
	}
	for i, key := range p.keys {
		p.index[key] = i + 1
	}
	return p
}

// key returns the index of a key for the script, as an argument.
func (p *program) key(name string) string {
	i, ok := p.index[name]
	if !ok {
		p.keys = append(p.keys, name)
		i = len(p.keys)
		p.index[name] = i
	}
	return strconv.Itoa(i)
}

// begin starts a Change; the two counts that it puts first are filled in by
// guarded and end.
func (p *program) begin() (header int) {
	p.changes = append(p.changes, compiled{})
	p.args = append(p.args, 0, 0)
	return len(p.args) - 2
}

func (p *program) guarded(header int) { p.args[header] = len(p.args) - header - 2 }

func (p *program) end(header int) {
	p.args[header+1] = len(p.args) - header - 2 - p.args[header].(int)
}

// guard adds a condition, and what its failure is called.
func (p *program) guard(c market.Conflict, name, key string, args ...any) {
	change := &p.changes[len(p.changes)-1]
	change.conflicts = append(change.conflicts, c)
	p.write(name, key, args...)
}

// fresh guards that a field of a hash is missing, also from the Change itself.
func (p *program) fresh(c market.Conflict, key, field string) {
	if p.repeated(key + " " + field) {
		p.guard(c, "never", key)
		return
	}
	p.guard(c, "unset", key, field)
}

func (p *program) repeated(what string) bool {
	change := &p.changes[len(p.changes)-1]
	if change.once[what] {
		return true
	}
	if change.once == nil {
		change.once = make(map[string]bool, 4)
	}
	change.once[what] = true
	return false
}

// write adds a command, or one of the script's own writes, on a key.
func (p *program) write(name, key string, args ...any) {
	p.args = append(p.args, name, p.key(key), len(args))
	p.args = append(p.args, args...)
}

// writeKeyless adds one of the script's own writes that has no key of its own.
func (p *program) writeKeyless(name string, args ...any) {
	p.args = append(p.args, name, "0", len(args))
	p.args = append(p.args, args...)
}

// encoded passes a document on and keeps the first error.
func (p *program) encoded(doc []byte, err error) []byte {
	if err != nil && p.err == nil {
		p.err = err
	}
	return doc
}
