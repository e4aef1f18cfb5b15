package sqlite

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ncruces/go-sqlite3"
)

// What keeps a file from being opened.
var (
	// ErrNewerSchema means that a later version of this library has written the file.
	ErrNewerSchema = errors.New("sqlite: the file is newer than this program")
	// ErrReadOnly means that the file, or the folder that it lies in, cannot be written.
	ErrReadOnly = errors.New("sqlite: the file cannot be written")
	// ErrDamaged means that the file is none of SQLite's, or that a part of it is
	// missing.
	ErrDamaged = errors.New("sqlite: the file is damaged or no marketplace")
	// ErrNetwork means that the file lies on a network file system, whose locks do not
	// keep two machines from writing at once.
	ErrNetwork = errors.New("sqlite: the file lies on a network file system")
)

// ErrFull means that the disk is full: nothing was written, and what is tried again once
// there is room goes well. Open says it, and whatever writes.
var ErrFull = errors.New("sqlite: the disk is full")

// ErrClosed is the error of a store that was closed.
var ErrClosed = errors.New("sqlite: the store is closed")

// ErrRetry marks an error after which a host should roll back its transaction and
// run it again: somebody else was writing, or has written what it had read.
var ErrRetry = errors.New("sqlite: the transaction must be run again")

// Retryable reports whether a transaction that failed with the error, in the
// marketplace, in a statement of the host's own or while committing, should be run
// again because another one was in the way.
func Retryable(err error) bool {
	return errors.Is(err, ErrRetry) || errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// failure says what could not be done. Errors of the driver may name files: they are
// for logs, never for clients.
func failure(what string, err error) error {
	return fmt.Errorf("sqlite: %s: %w", what, classified(err))
}

// classified names what the caller of Open or a host has to tell apart.
func classified(err error) error {
	mark := markOf(err)
	if mark == nil || errors.Is(err, mark) {
		return err
	}
	return fmt.Errorf("%w: %w", mark, err)
}

func markOf(err error) error {
	switch {
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.LOCKED):
		return ErrRetry
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		return ErrDamaged
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.PERM):
		return ErrReadOnly
	case errors.Is(err, sqlite3.FULL), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrFull
	}
	return nil
}
