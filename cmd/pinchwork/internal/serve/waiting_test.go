package serve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"
	"github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/programtest"
	"github.com/pinchwork/pinchwork/store/postgres"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

var refused = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

// A store that is not up yet is waited for, with one line for that and one for the end.
func TestAStoreThatIsNotUpYetIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, s, tries := &programtest.Log{}, Defaults(), 0
		b, err := await(t.Context(), &s, logger(&s, log), func() (*backend, error) {
			if tries++; tries <= 10 {
				return nil, fmt.Errorf("opening: %w", refused)
			}
			return &backend{kept: "there"}, nil
		})
		if err != nil || b.kept != "there" {
			t.Fatal(b, err)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), `waiting for it" for=1m error="dial: connection refused"`) || !strings.Contains(log.String(), `msg="the store can be reached" after=5s`) {
			t.Errorf("%d lines:\n%s", n, log)
		}
	})
}

func TestAStoreThatDoesNotComeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, s, began := &programtest.Log{}, Defaults(), time.Now()
		s.StoreWait = 10 * time.Second
		_, err := await(t.Context(), &s, logger(&s, log), func() (*backend, error) { return nil, refused })
		const want = "the store (PINCHWORK_STORE) cannot be reached and was waited for 10s (PINCHWORK_STORE_WAIT): dial: connection refused"
		if took := time.Since(began); err == nil || err.Error() != want || errors.Is(err, ErrSetting) || took < 9*time.Second || took > 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if _, err := await(t.Context(), &s, logger(&s, log), func() (*backend, error) { return nil, errors.New("no such database") }); !errors.Is(err, ErrSetting) {
			t.Errorf("a mistake: %v", err)
		}
		began, s.StoreWait = time.Now(), 0
		if _, err := await(t.Context(), &s, logger(&s, log), func() (*backend, error) { return nil, refused }); err == nil || time.Since(began) > 0 {
			t.Errorf("without a wait: %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s.StoreWait = time.Hour
		if _, err := await(ctx, &s, logger(&s, log), func() (*backend, error) { return nil, refused }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted: %v", err)
		}
	})
}

// A mistake of the operator's is said at once.
func TestOnlyWhatMayComeIsWaitedFor(t *testing.T) {
	for _, err := range []error{
		refused, io.EOF, &net.DNSError{Err: "no such host", IsNotFound: true},
		&pgconn.PgError{Code: "57P03"}, &pgconn.PgError{Code: "53300"},
	} {
		if !away(fmt.Errorf("%w: %w", ErrSetting, err)) {
			t.Errorf("%v is not waited for", err)
		}
	}
	for _, err := range []error{errors.New("other"), &pgconn.PgError{Code: "28P01"}, &pgconn.PgError{Code: "3D000"}, redis.ErrClosed} {
		if away(fmt.Errorf("%w: %w", ErrSetting, err)) {
			t.Errorf("%v is waited for", err)
		}
	}
}

// Redis answers while it reads its file, but not with what was asked for.
func TestARedisThatLoadsIsWaitedFor(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for buf := make([]byte, 4096); ; {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					answer := "-LOADING Redis is loading the dataset in memory\r\n"
					_, _ = io.WriteString(conn, strings.Repeat(answer, strings.Count("\r\n"+string(buf[:n]), "\r\n*")))
				}
			}()
		}
	}()
	s := Defaults()
	s.Store = "redis://" + listener.Addr().String()
	if _, err := openRedis(t.Context(), &s, logger(&s, io.Discard)); !away(err) {
		t.Errorf("%v is not waited for", err)
	}
}

// answering is like redis.Error: what a Redis replies.
type answering string

func (a answering) Error() string { return string(a) }
func (answering) RedisError()     {}

// Only what no other start mends is a mistake in the settings, after which nobody tries
// again.
func TestOnlyWhatNoStartMendsIsAMistake(t *testing.T) {
	s := Defaults()
	for mistake, all := range map[bool][]error{
		false: {
			refused, sqlite.ErrFull, sqlite.ErrRetry, sqlite3.BUSY, sqlite3.IOERR, syscall.EMFILE,
			&pgconn.PgError{Code: "53100"}, &pgconn.PgError{Code: "55P03"}, &pgconn.PgError{Code: "57014"}, &pgconn.PgError{Code: "58030"}, &pgconn.PgError{Code: "25006"},
			answering("READONLY You can't write against a read only replica."), answering("MISCONF Redis is configured to save"), answering("OOM command not allowed"),
		},
		true: {
			sqlite.ErrDamaged, sqlite.ErrReadOnly, sqlite.ErrNewerSchema, sqlite.ErrNetwork, fs.ErrNotExist, postgres.ErrNewerSchema,
			&pgconn.PgError{Code: "28P01"}, &pgconn.PgError{Code: "3D000"}, &pgconn.PgError{Code: "42501"}, &pgconn.PgError{Code: "XX001"},
			answering("WRONGPASS invalid username-password pair"), answering("NOPERM this user has no permissions"),
		},
	} {
		for _, err := range all {
			if got := notOpened(&s, fmt.Errorf("opening: %w", err)); errors.Is(got, ErrSetting) != mistake || !strings.Contains(got.Error(), "PINCHWORK_STORE") {
				t.Errorf("a mistake: %v, want %v: %v", errors.Is(got, ErrSetting), mistake, got)
			}
		}
	}
}

// A Postgres without TLS says why it refuses somebody once it is asked without TLS.
func TestTheDecisiveAnswerOfPostgresIsSaid(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked := make([]byte, 8)
			_, _ = io.ReadFull(conn, asked)
			const wantsTLS = 80877103
			if binary.BigEndian.Uint32(asked[4:]) == wantsTLS {
				_, _ = conn.Write([]byte("N"))
			} else {
				said := "SFATAL\x00C28P01\x00Mpassword authentication failed for user \"u\"\x00\x00"
				_, _ = conn.Write(append([]byte{'E', 0, 0, 0, byte(4 + len(said))}, said...))
			}
			_ = conn.Close()
		}
	}()
	s, log := Defaults(), &programtest.Log{}
	s.Store = "postgres://u:secret@" + listener.Addr().String() + "/market"
	_, err = open(t.Context(), &s, logger(&s, log))
	const want = `--store (PINCHWORK_STORE): Postgres: FATAL: password authentication failed for user "u" (SQLSTATE 28P01)`
	if !errors.Is(err, ErrSetting) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v\n%s", err, log)
	}
}
