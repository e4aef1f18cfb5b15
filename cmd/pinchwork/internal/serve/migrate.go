package serve

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/store/postgres"
)

// Migrate applies the migrations that a Postgres store lacks and returns them.
func Migrate(ctx context.Context, s Settings) ([]postgres.Migration, error) {
	return onPool(ctx, s, postgres.Migrate)
}

// MigrationStatus returns all migrations of a Postgres store.
func MigrationStatus(ctx context.Context, s Settings) ([]postgres.Migration, error) {
	return onPool(ctx, s, postgres.MigrationStatus)
}

func onPool[T any](ctx context.Context, s Settings, do func(context.Context, *pgxpool.Pool, ...postgres.Option) (T, error)) (out T, err error) {
	scheme, _, _ := strings.Cut(s.Store, "://")
	if scheme != "postgres" && scheme != "postgresql" {
		return out, fmt.Errorf("%w: --store (PINCHWORK_STORE): %q has no migrations; only postgres://… has", ErrSetting, scheme)
	}
	pool, err := postgres.OpenPool(ctx, s.Store)
	if err != nil {
		return out, notOpened(&s, err)
	}
	defer pool.Close()
	return do(ctx, pool, postgres.WithSchema(s.Namespace))
}
