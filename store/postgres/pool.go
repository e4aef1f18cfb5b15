package postgres

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	connectTimeout = 3 * time.Second
	pingTimeout    = 2 * time.Second
	leastConns     = 8
)

// OpenPool returns the pool that Open uses: max(8, 2 × CPUs) connections unless
// the URL says pool_max_conns, and at most 3 s for a connection to be made. It
// fails only on a malformed URL; the error does not show its password. Behind a
// pooler such as PgBouncer it prepares no statements, unless the URL says
// default_query_exec_mode.
func OpenPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	return openPool(ctx, url, new(pooler))
}

func openPool(ctx context.Context, url string, p *pooler) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The driver's error hides the password, but not in every form of URL.
		return nil, fmt.Errorf("postgres: the connection string makes no sense")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = int32(max(leastConns, 2*runtime.GOMAXPROCS(0)))
	}
	if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > connectTimeout {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "pinchwork"
	}
	config.PingTimeout = pingTimeout
	config.BeforeConnect = p.before(choosesMode(url))
	config.AfterConnect = p.prepare
	return pgxpool.NewWithConfig(ctx, config)
}

// prepare sets for a whole connection what queries/set_planner.sql sets for one
// batch.
func (p *pooler) prepare(ctx context.Context, conn *pgx.Conn) error {
	if p.isBetween() {
		return nil
	}
	_, err := conn.Exec(ctx, "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off")
	return err
}
