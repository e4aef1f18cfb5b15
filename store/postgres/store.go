package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/store"
)

// Store is a store.Store in one schema of a Postgres database. It is safe for
// use by many goroutines and processes at once.
type Store struct {
	pool *pgxpool.Pool
	// found and left are the versions of the schema before the Store was made, and after.
	found, left int
	// host is set in a store made by InTx or InSQLTx.
	host host
	options
	sql map[string]string
	// own says that the store made the pool, and closes it. Then pooler knows what
	// its connections go through.
	own    bool
	pooler *pooler
	// queue is where commits wait for those under way.
	queue *queue
	// statement is what the call that commits is prepared as.
	statement *atomic.Pointer[string]
	// log is how far the log of events is settled.
	log *settledLog
}

var _ store.Store = (*Store)(nil)

// Open connects to the database of a URL or connection string, brings the
// schema up to date, and returns a store with a pool of its own. The server
// must be reachable now; later it may be away for a while.
//
// The pool holds max(8, 2 × CPUs) connections unless the URL says
// pool_max_conns.
func Open(ctx context.Context, url string, opts ...Option) (*Store, error) {
	p := new(pooler)
	pool, err := openPool(ctx, url, p)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, pool, p, opts)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// New returns a store on the embedder's pool, which the embedder still has to
// close, and brings the schema up to date. It needs no settings of the pool; more
// connections than about four for a core of the server make nothing faster. Behind
// a pooler that gives a connection to each transaction its connection string has to
// say default_query_exec_mode=cache_describe; one that prepares statements is
// refused there.
func New(ctx context.Context, pool *pgxpool.Pool, opts ...Option) (*Store, error) {
	if err := checkPrepared(ctx, pool.Config().ConnConfig); err != nil {
		if errors.Is(err, errPrepares) {
			return nil, err
		}
		return nil, failure("connecting", err)
	}
	return open(ctx, pool, nil, opts)
}

// open takes the pooler of the store's own pool, nil for a host's.
func open(ctx context.Context, pool *pgxpool.Pool, p *pooler, opts []Option) (*Store, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	from, to, err := o.prepareSchema(ctx, pool)
	if err != nil {
		return nil, err
	}
	s := &Store{pool: pool, found: from, left: to, own: p != nil, pooler: p, options: o, sql: o.queries(), statement: new(atomic.Pointer[string]), log: new(settledLog)}
	s.queue = newQueue(lanes(pool), s.run)
	if err := s.readStatement(ctx); err != nil {
		return nil, failure("reading the schema", err)
	}
	if _, err := pool.Exec(ctx, s.sql["feed_repair"]); err != nil {
		return nil, failure("reading the feed", err)
	}
	return s, nil
}

// connsPerLane is how many connections of the pool there are for one that commits:
// fewer lanes make larger groups, and the others serve reads.
const connsPerLane = 4

func lanes(pool *pgxpool.Pool) int { return max(1, int(pool.Config().MaxConns)/connsPerLane) }

// Close closes the pool if the store made it, and waits for what is under way.
func (s *Store) Close() error {
	if s.own {
		s.pool.Close()
	}
	return nil
}

// Pooled reports whether the store's own connections go through a pooler, such as
// PgBouncer, where LISTEN hears nothing.
func (s *Store) Pooled() bool { return s.pooler != nil && s.pooler.isBetween() }

// Migrated is the version of the schema that this Store found when it was made, 0 for none,
// and the version that it has now. Both are the same when there was nothing to do.
func (s *Store) Migrated() (from, to int) { return s.found, s.left }

// Schema is the name of the schema that holds the marketplace.
func (s *Store) Schema() string { return s.schema }

// Pool is the pool that the store works on.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// bounded limits the time of a call, within which a caller learns that the
// server is unreachable.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.callTimeout)
}

// failure wraps an error with what could not be done. Errors of the driver name
// hosts and statements: they are for logs, never for clients, and hold no key.
func failure(what string, err error) error {
	return fmt.Errorf("postgres: %s: %w", what, classified(err))
}
