package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
)

// lookEvery is the time between two looks for a store that is not up yet.
const lookEvery = 500 * time.Millisecond

// await opens a store that may not be up yet, for as long as the settings say. It says
// once that it waits, and once that it need not any more. A store that stays away is no
// mistake in the settings: the next start may find it.
func await(ctx context.Context, s *Settings, log *slog.Logger, open func() (*backend, error)) (*backend, error) {
	began, said := time.Now(), false
	for {
		b, err := open()
		switch {
		case err == nil:
			if said {
				log.Info("the store can be reached", "after", time.Since(began))
			}
			return b, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !away(err) || time.Since(began)+lookEvery > s.StoreWait:
			return nil, notOpened(s, err)
		case !said:
			log.Warn("the store cannot be reached yet, waiting for it", "for", s.StoreWait, "error", shortly(err))
			said = true
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// notOpened is what a remote store's error means for the operator.
func notOpened(s *Settings, err error) error {
	if away(err) {
		return fmt.Errorf("the store (PINCHWORK_STORE) cannot be reached and was waited for %s (PINCHWORK_STORE_WAIT): %s", Readable(s.StoreWait), shortly(err))
	}
	passes := passing(err)
	if failed := (*pgconn.ConnectError)(nil); errors.As(err, &failed) {
		err = errors.New(shortly(err))
	}
	if passes {
		return fmt.Errorf("--store (PINCHWORK_STORE): %w", err)
	}
	return fmt.Errorf("%w: --store (PINCHWORK_STORE): %w", ErrSetting, err)
}

// shortly is what went wrong, without what was to be done: a driver tries each address,
// with TLS and without, and says all of it, over several lines. What a server answered
// weighs more than that another way to it was closed.
func shortly(err error) string {
	var failed *pgconn.ConnectError
	var answered *pgconn.PgError
	if errors.As(err, &failed) && errors.As(failed, &answered) {
		return "Postgres: " + answered.Error()
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// comesUp are Postgres' codes for a server that starts, ends, or has no connection left.
var comesUp = []string{"57P01", "57P02", "57P03", "53300"}

// away reports whether a store may be there later: nobody answers, or it is not ready.
// A wrong password or a database that does not exist is no reason to wait.
func away(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return slices.Contains(comesUp, pg.Code)
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || redis.IsLoadingError(err)
}
