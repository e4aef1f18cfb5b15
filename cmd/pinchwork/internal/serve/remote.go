package serve

import (
	"context"
	"log/slog"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store/postgres"
	"github.com/pinchwork/pinchwork/store/redis"
)

func openRedis(ctx context.Context, s *Settings, log *slog.Logger) (*backend, error) {
	goredis.SetLogger(stranger{"go-redis", log})
	store, err := redis.Open(ctx, s.Store, redis.WithNamespace(s.Namespace), redis.WithLogger(log))
	if err != nil {
		return nil, err
	}
	log.Info("the store is Redis", "namespace", s.Namespace, "durability", store.Durability())
	return &backend{store: store, kept: "in Redis, namespace " + s.Namespace, kind: "redis", close: func() { _ = store.Close() }}, nil
}

func openPostgres(ctx context.Context, s *Settings, log *slog.Logger) (*backend, error) {
	store, err := postgres.Open(ctx, s.Store, postgres.WithSchema(s.Namespace))
	if err != nil {
		return nil, err
	}
	log.Info("the store is Postgres", "schema", s.Namespace)
	migrated(store, log)
	if store.Pooled() {
		log.Warn("Postgres is reached through a pooler, where LISTEN hears nothing: replicas learn of each other's changes up to a second late")
	}
	return &backend{store: store, kept: "in Postgres, schema " + s.Namespace, kind: "postgres", close: func() { _ = store.Close() }}, nil
}
