package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrRetry marks an error after which a host should roll back its transaction
// and run it again: another transaction was in the way (deadlock, serialization
// failure).
var ErrRetry = errors.New("postgres: the transaction must be run again")

// ErrNewerSchema means that a later version of this library has migrated the
// schema.
var ErrNewerSchema = errors.New("postgres: the schema is newer than this program")

const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"

	// What the server says of a routine, or a type of its rows, that is gone.
	codeUndefinedFunction = "42883"
	codeUndefinedObject   = "42704"
	codeInternal          = "XX000"

	maxRetries = 10
	retryPause = 5 * time.Millisecond
)

// Retryable reports whether a transaction that failed with the error, in the
// marketplace, in a statement of the host's own or while committing, should be
// run again because another one was in the way. Errors are told apart by
// SQLSTATE, never by their text.
func Retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}

// classified marks errors after which a transaction may be run again.
func classified(err error) error {
	if Retryable(err) {
		return fmt.Errorf("%w: %w", ErrRetry, err)
	}
	return err
}

// again reports whether a call that failed can be made once more: nothing was
// written, and no transaction of the host was lost with it.
func (s *Store) again(ctx context.Context, err error, try int) bool {
	if err == nil || s.host != nil || try >= maxRetries || ctx.Err() != nil {
		return false
	}
	if Retryable(err) {
		return pause(ctx, try)
	}
	// The connection was found dead before anything was sent.
	return try == 0 && pgconn.SafeToRetry(err)
}

func pause(ctx context.Context, try int) bool {
	longest := retryPause << min(try, 5)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(rand.N(longest) + time.Millisecond):
		return true
	}
}
