package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// leastRoom is what a disk has free at least that is not full, in bytes.
const leastRoom = 1 << 20

// whyFailed tells a disk that is full from one that fails: the driver knows both as an
// error of input or output.
func (o *options) whyFailed(path string, err error) error {
	if errors.Is(err, sqlite3.IOERR) && !o.room(filepath.Dir(path)) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// noted remembers that a write found the disk full.
func (p *place) noted(err error) error {
	if errors.Is(err, ErrFull) {
		p.full.Store(true)
	}
	return err
}

// stillFull reports whether the disk is as full as a write has found it. What Ping writes
// may well find a place in the log when nothing else does.
func (s *Store) stillFull() bool {
	if s.place.full.Load() && s.room(filepath.Dir(s.place.path)) {
		s.place.full.Store(false)
	}
	return s.place.full.Load()
}
