package serve

import (
	"errors"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"
	"github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store/sqlite"
)

// passing reports whether a store that could not be opened may be opened by another start
// with the same settings: a full disk gets room, a lock is given back, a server recovers.
// What a store says of itself for good, and of who asks, is a mistake in the settings.
func passing(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return len(pg.Code) == 5 && slices.Contains(passingClasses, pg.Code[:2]) || slices.Contains(passingCodes, pg.Code)
	}
	return sqlite.Retryable(err) || slices.ContainsFunc(passingErrors, func(e error) bool { return errors.Is(err, e) }) ||
		slices.ContainsFunc(passingReplies, func(code string) bool { return redis.HasErrorPrefix(err, code) })
}

var (
	// passingClasses are Postgres' for a connection that broke, another transaction in the
	// way, no room or memory, a lock, an operator and the machine.
	passingClasses = []string{"08", "40", "53", "55", "57", "58"}
	// passingCodes are a server that is a standby as yet, and what one says to two that
	// change its catalogue at once.
	passingCodes  = []string{"25006", "XX000"}
	passingErrors = []error{
		sqlite.ErrFull, sqlite3.IOERR, sqlite3.NOMEM, sqlite3.PROTOCOL,
		syscall.EIO, syscall.ENOSPC, syscall.EMFILE, syscall.ENFILE,
	}
	// passingReplies are the first words, which are its codes, of a Redis that is a replica
	// as yet, has no master, no memory, no disk, or is at work.
	passingReplies = []string{"READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "OOM", "MISCONF", "BUSY", "max number of clients"}
)
