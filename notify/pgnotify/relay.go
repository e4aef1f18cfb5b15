// Package pgnotify carries wake-ups between processes over LISTEN and NOTIFY of
// Postgres.
//
//	store, err := postgres.Open(ctx, "postgres://localhost/db")
//	if err != nil {
//		return err
//	}
//	hub := notify.NewRelayedHub(pgnotify.New(store.Pool(), store.Schema()))
//
// Hints are sent in statements of their own, never inside a commit: a commit
// that notifies has to wait for a lock that all such commits share.
package pgnotify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/notify"
)

// quiet is how long a subscription may be silent before it is asked whether it
// still lives; the answer may take as long again.
const quiet = 5 * time.Second

// Relay is a notify.Relay over one channel of a database. While subscribed it
// holds one connection of its own, beside the pool.
type Relay struct {
	pool    *pgxpool.Pool
	channel string
	quiet   time.Duration
}

var _ notify.Relay = (*Relay)(nil)

// New makes a Relay for the marketplace in a schema of the pool's database. The
// caller still has to close the pool.
func New(pool *pgxpool.Pool, schema string) *Relay {
	// A channel's name has at most 63 bytes, and so may a schema's alone.
	sum := sha256.Sum256([]byte(schema))
	return &Relay{pool: pool, channel: "pinchwork_" + hex.EncodeToString(sum[:8]), quiet: quiet}
}

// Publish implements notify.Relay.
func (r *Relay) Publish(ctx context.Context, h notify.Hint) error {
	batch := &pgx.Batch{}
	for _, payload := range h.Payloads() {
		batch.Queue("select pg_notify($1, $2)", r.channel, payload)
	}
	if err := r.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("pgnotify: publishing: %w", err)
	}
	return nil
}

// Subscribe implements notify.Relay.
func (r *Relay) Subscribe(ctx context.Context, hear func(notify.Hint)) error {
	config := r.pool.Config().ConnConfig
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { tell(n.Payload, hear) }
	err := r.listen(ctx, config, hear)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("pgnotify: subscription broke: %w", err)
}

func (r *Relay) listen(ctx context.Context, config *pgx.ConnConfig, hear func(notify.Hint)) error {
	dialing, cancel := context.WithTimeout(ctx, r.quiet)
	defer cancel()
	conn, err := pgx.ConnectConfig(dialing, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(dialing)) }()
	if _, err := conn.Exec(dialing, "listen "+pgx.Identifier{r.channel}.Sanitize()); err != nil {
		return err
	}
	hear(notify.Hint{})
	for {
		if err := r.wait(ctx, conn); err != nil {
			return err
		}
	}
}

// wait listens for a while, and then checks whether a silent server is still
// alive.
func (r *Relay) wait(ctx context.Context, conn *pgx.Conn) error {
	hearing, cancel := context.WithTimeout(ctx, r.quiet)
	defer cancel()
	err := conn.PgConn().WaitForNotification(hearing)
	if err == nil || ctx.Err() != nil || !errors.Is(hearing.Err(), context.DeadlineExceeded) {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, r.quiet)
	defer cancel()
	return conn.Ping(asking)
}

// tell passes on a payload. One that cannot be read still says that something
// has moved.
func tell(payload string, hear func(notify.Hint)) {
	h, err := notify.DecodeHint(payload)
	if err != nil {
		h = notify.Hint{}
	}
	hear(h)
}
