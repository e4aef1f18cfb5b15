package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pinchwork/pinchwork/store"
)

var _ store.Relay = (*Store)(nil)

// quietFor is how long a subscription may be silent before it is asked whether it
// still lives; the answer may take as long again.
const quietFor = 5 * time.Second

// channel is where the programs of this marketplace wake each other. A channel's name
// has at most 63 bytes, and so may a schema's alone.
func (s *Store) channel() string {
	sum := sha256.Sum256([]byte(s.schema))
	return "pinchwork_" + hex.EncodeToString(sum[:8])
}

// Publish implements store.Relay over NOTIFY. Messages go in statements of their own,
// never inside a commit: a commit that notifies has to wait for a lock that all such
// commits share.
func (s *Store) Publish(ctx context.Context, messages []string) error {
	batch := &pgx.Batch{}
	for _, message := range messages {
		batch.Queue("select pg_notify($1, $2)", s.channel(), message)
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return failure("publishing", err)
	}
	return nil
}

// Subscribe implements store.Relay over LISTEN. It holds one connection of its own,
// beside the pool. Behind a pooler that gives a connection to each transaction it
// hears nothing.
func (s *Store) Subscribe(ctx context.Context, hear func(message string)) error {
	return s.subscribe(ctx, hear, quietFor)
}

func (s *Store) subscribe(ctx context.Context, hear func(message string), quiet time.Duration) error {
	config := s.pool.Config().ConnConfig
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { hear(n.Payload) }
	err := s.listen(ctx, config, func() { hear("") }, quiet)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return failure("listening", err)
}

func (s *Store) listen(ctx context.Context, config *pgx.ConnConfig, live func(), quiet time.Duration) error {
	dialing, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	conn, err := pgx.ConnectConfig(dialing, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(dialing)) }()
	if _, err := conn.Exec(dialing, "listen "+pgx.Identifier{s.channel()}.Sanitize()); err != nil {
		return err
	}
	live()
	for {
		if err := await(ctx, conn, quiet); err != nil {
			return err
		}
	}
}

// await listens for a while, and then checks whether a silent server is still
// alive.
func await(ctx context.Context, conn *pgx.Conn, quiet time.Duration) error {
	hearing, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	err := conn.PgConn().WaitForNotification(hearing)
	if err == nil || ctx.Err() != nil || !errors.Is(hearing.Err(), context.DeadlineExceeded) {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	return conn.Ping(asking)
}
