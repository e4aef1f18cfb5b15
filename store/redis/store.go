package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store"
)

// layoutVersion is the version of the key layout in keys.go that this code
// reads and writes. It is raised when older code could not work on newer data.
const layoutVersion = 1

// Store is a store.Store in Redis. It is safe for use by many goroutines, and
// many Stores, in one process or several, may share a namespace.
type Store struct {
	client     goredis.UniversalClient
	owned      bool
	namespace  string
	keys       keyspace
	log        *slog.Logger
	feedLength int64
	timeout    time.Duration
	requireAOF bool
	durability durability
	flights    flights
}

var _ store.Store = (*Store)(nil)

// Open connects to one server and makes a Store that owns the connection. The
// URL is redis://, rediss:// (TLS) or unix://, as go-redis reads it, with
// settings of the connection as parameters. An unreachable server is noticed
// within 5 s, unless those settings say otherwise. For Sentinel and clusters
// make a goredis.UniversalClient and use New.
func Open(ctx context.Context, serverURL string, opts ...Option) (*Store, error) {
	o, err := goredis.ParseURL(serverURL)
	if err != nil {
		return nil, badURL(err)
	}
	withDefaults(o)
	client := goredis.NewClient(o)
	s, err := New(ctx, client, opts...)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.owned = true
	return s, nil
}

// badURL leaves out the URL, which may hold a password.
func badURL(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		err = parse.Err
	}
	return fmt.Errorf("redis: the URL cannot be used: %w", err)
}

// withDefaults keeps an unreachable server from blocking a caller for more than
// a few seconds, unless the URL says otherwise.
func withDefaults(o *goredis.Options) {
	o.ContextTimeoutEnabled = true
	if o.DialTimeout == 0 {
		o.DialTimeout = 2 * time.Second
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = 3 * time.Second
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 3 * time.Second
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = 1
	}
	o.DialerRetries = 1
}

// New makes a Store on the embedder's client, which the embedder still has to
// close. It reads the server's settings, warns of the data loss that they
// allow, and refuses a key layout that is newer than this code. The client
// should have ContextTimeoutEnabled set, so that WithTimeout holds.
func New(ctx context.Context, client goredis.UniversalClient, opts ...Option) (*Store, error) {
	if client == nil {
		return nil, errors.New("redis: a client is required")
	}
	s := &Store{
		client: client, namespace: DefaultNamespace, log: slog.New(slog.DiscardHandler),
		feedLength: DefaultFeedLength, timeout: DefaultTimeout,
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(s); err != nil {
			return nil, err
		}
	}
	s.keys = newKeyspace(s.namespace)
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.claimLayout(ctx); err != nil {
		return nil, err
	}
	if err := s.readDurability(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// claimLayout writes the layout's version into an empty namespace, or checks
// the version found.
func (s *Store) claimLayout(ctx context.Context) error {
	var has *goredis.StringCmd
	var fresh *goredis.BoolCmd
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		fresh = p.SetNX(ctx, s.keys.layout(), layoutVersion, 0)
		has = p.Get(ctx, s.keys.layout())
		return nil
	})
	if err != nil {
		return failed(err)
	}
	if fresh.Val() {
		// Before this there is nothing that the totals could have missed.
		if err := s.client.HSet(ctx, s.keys.totals(), "whole", 1, "sealed", 1).Err(); err != nil {
			return failed(err)
		}
	}
	version, err := strconv.Atoi(has.Val())
	if err != nil {
		return fmt.Errorf("redis: namespace %q holds something else than a marketplace", s.namespace)
	}
	if version > layoutVersion {
		return fmt.Errorf("redis: namespace %q has key layout %d, this program knows %d: use a newer one", s.namespace, version, layoutVersion)
	}
	return nil
}

// Close closes the connection if Open made it.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	return s.client.Close()
}

// Client returns the client that the Store works on. Do not close it.
func (s *Store) Client() goredis.UniversalClient { return s.client }

// failed adds to an error that it came from Redis. Errors of the client hold no
// credentials and no values.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redis: %w", err)
}
