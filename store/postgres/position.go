package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// transaction is the 64-bit number of a transaction.
type transaction uint64

func (x transaction) text() string { return strconv.FormatUint(uint64(x), 10) }

func parseTransaction(s string) (transaction, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	return transaction(n), err
}

func texts(xs []transaction) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = x.text()
	}
	return out
}

// snapshot says which transactions had ended at a moment: all before next but
// those running.
type snapshot struct {
	first, next transaction
	running     []transaction
}

var errSnapshot = errors.New("postgres: no snapshot")

// parseSnapshot reads the database's own form, "first:next:running,running".
func parseSnapshot(s string) (out snapshot, err error) {
	part := strings.Split(s, ":")
	if len(part) != 3 {
		return out, errSnapshot
	}
	if out.first, err = parseTransaction(part[0]); err != nil {
		return out, err
	}
	if out.next, err = parseTransaction(part[1]); err != nil {
		return out, err
	}
	if part[2] == "" {
		return out, nil
	}
	for _, text := range strings.Split(part[2], ",") {
		x, err := parseTransaction(text)
		if err != nil {
			return out, err
		}
		out.running = append(out.running, x)
	}
	return out, nil
}

func (s *snapshot) String() string {
	return fmt.Sprintf("%d:%d:%s", s.first, s.next, strings.Join(texts(s.running), ","))
}

// position is a place in the feed: everything that since does not see is still
// to come. In the middle of a long pass, transactions up to read have been
// read, and the pass ends at until.
type position struct {
	since snapshot
	until *snapshot
	read  transaction
}

func (p *position) encode() store.Position {
	if p.until == nil {
		return store.Position(p.since.String())
	}
	return store.Position(p.since.String() + "|" + p.until.String() + "|" + p.read.text())
}

func parsePosition(s store.Position) (p position, err error) {
	part := strings.Split(string(s), "|")
	if p.since, err = parseSnapshot(part[0]); err != nil || len(part) == 1 {
		return p, err
	}
	if len(part) != 3 {
		return p, errSnapshot
	}
	until, err := parseSnapshot(part[1])
	if err != nil {
		return p, err
	}
	p.until = &until
	p.read, err = parseTransaction(part[2])
	return p, err
}
