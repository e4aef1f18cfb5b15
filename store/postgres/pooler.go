package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Between us and the server there may be a pooler, such as PgBouncer, that gives a
// server connection to each transaction: what was prepared or set on one
// connection is lost, or is seen by other clients. Then no statement is prepared
// by name, and settings hold for a transaction.

// errPrepares refuses a host's pool that prepares statements by name.
var errPrepares = errors.New("postgres: the pool reaches the server through a pooler that loses prepared statements " +
	"(PgBouncer in transaction mode): put default_query_exec_mode=cache_describe into its connection string")

// pooler finds out once whether there is one.
type pooler struct {
	mu           sync.Mutex
	known, found bool
}

// before is called before each connection of the pool is made. It does not change
// what the URL says about statements.
func (p *pooler) before(chosen bool) func(context.Context, *pgx.ConnConfig) error {
	return func(ctx context.Context, config *pgx.ConnConfig) error {
		if !p.between(ctx, config) || chosen {
			return nil
		}
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		return nil
	}
}

// between reports whether connections go through a pooler. While the server cannot
// be reached nothing is known, and the connection that follows fails as well.
func (p *pooler) between(ctx context.Context, config *pgx.ConnConfig) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known {
		found, err := behindPooler(ctx, config)
		p.known, p.found = err == nil, found
	}
	return p.found
}

// isBetween reports what is known so far.
func (p *pooler) isBetween() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found
}

// behindPooler compares the process that a client is told of when it connects, which
// a pooler makes up, with the one that answers.
func behindPooler(ctx context.Context, config *pgx.ConnConfig) (bool, error) {
	conn, err := pgconn.ConnectConfig(ctx, &config.Config)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.Exec(ctx, "select pg_backend_pid() = "+strconv.FormatUint(uint64(conn.PID()), 10)).ReadAll()
	if err != nil {
		return false, err
	}
	return string(results[0].Rows[0][0]) != "t", nil
}

// namesStatement reports whether the driver prepares statements by name.
func namesStatements(config *pgx.ConnConfig) bool {
	return config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement
}

// checkPrepared tries on a host's pool whether a statement prepared in one
// transaction is there in the next, while another client holds the connection on
// which it was prepared.
func checkPrepared(ctx context.Context, config *pgx.ConnConfig) error {
	if !namesStatements(config) {
		return nil
	}
	if between, err := behindPooler(ctx, config); err != nil || !between {
		return err
	}
	first, err := pgconn.ConnectConfig(ctx, &config.Config)
	if err != nil {
		return err
	}
	defer func() { _ = first.Close(ctx) }()
	second, err := pgconn.ConnectConfig(ctx, &config.Config)
	if err != nil {
		return err
	}
	defer func() { _ = second.Close(ctx) }()
	const name = "pinchwork_trial"
	if _, err := first.Prepare(ctx, name, "select 1", nil); err != nil {
		return lostStatement(err)
	}
	if _, err := second.Exec(ctx, "begin; select 1").ReadAll(); err != nil {
		return err
	}
	return lostStatement(first.ExecPrepared(ctx, name, nil, nil, nil).Read().Err)
}

const (
	codeNoStatement        = "26000"
	codeDuplicateStatement = "42P05"
)

func lostStatement(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == codeNoStatement || pg.Code == codeDuplicateStatement) {
		return errPrepares
	}
	return err
}

// choosesMode reports whether a connection string says how statements are sent.
func choosesMode(url string) bool { return strings.Contains(url, "default_query_exec_mode") }
