package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// ErrSetting matches mistakes in the settings, for exit code 2.
var ErrSetting = errors.New("bad setting")

// backend is an opened store, and how it is closed.
type backend struct {
	store market.Store
	// kept says where agents, tasks and credits are, for people; kind is a word for it.
	kept, kind string

	close func()
}

// migrated says what opening a store has made of its schema.
func migrated(store interface{ Migrated() (from, to int) }, log *slog.Logger) {
	if from, to := store.Migrated(); from != to {
		log.Info("the store was migrated", "from_version", from, "to_version", to)
	}
}

// open opens the store that the settings name.
func open(ctx context.Context, s *Settings, log *slog.Logger) (*backend, error) {
	if path, ok := fileOf(s); ok {
		return openSQLite(ctx, path, log)
	}
	scheme, _, _ := strings.Cut(s.Store, "://")
	switch scheme {
	case "memory":
		log.Warn("the memory store keeps nothing: all agents, tasks and credits end with this process")
		return &backend{store: memory.New(), kept: "in memory, and end with this process", kind: "memory", close: func() {}}, nil
	case "redis", "rediss", "unix":
		return await(ctx, s, log, func() (*backend, error) { return openRedis(ctx, s, log) })
	case "postgres", "postgresql":
		return await(ctx, s, log, func() (*backend, error) { return openPostgres(ctx, s, log) })
	}
	// The value may contain a password, so only its scheme is repeated.
	return nil, fmt.Errorf("%w: --store (PINCHWORK_STORE): unknown kind %q; it must be memory, sqlite:FILE, redis://… or postgres://…", ErrSetting, scheme)
}
