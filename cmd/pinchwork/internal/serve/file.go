package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/pinchwork/pinchwork/store/sqlite"
)

// fileOf is the path of a store that is a file. It may be written as in a URL: an
// absolute one then has three slashes.
func fileOf(s *Settings) (path string, ok bool) {
	path, ok = strings.CutPrefix(s.Store, "sqlite:")
	return strings.TrimPrefix(path, "//"), ok
}

func openSQLite(ctx context.Context, path string, log *slog.Logger) (*backend, error) {
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%w: --store (PINCHWORK_STORE): %w", ErrSetting, err)
	}
	log.Info("the store is a file", "path", store.Path())
	return &backend{store: store, close: func() { _ = store.Close() }}, nil
}

// Backup writes a copy of a store that is a file to a path where nothing is yet, while
// servers work on the store.
func Backup(ctx context.Context, s Settings, to string) error {
	path, ok := fileOf(&s)
	if !ok {
		return fmt.Errorf("%w: --store (PINCHWORK_STORE): only a store that is a file, sqlite:FILE, is backed up this way", ErrSetting)
	}
	if err := exists(path); err != nil {
		return fmt.Errorf("%w: --store (PINCHWORK_STORE): %w", ErrSetting, err)
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("%w: --store (PINCHWORK_STORE): %w", ErrSetting, err)
	}
	defer func() { _ = store.Close() }()
	return store.Backup(ctx, to)
}

// exists keeps a mistyped name from becoming an empty store that is backed up.
func exists(path string) error {
	_, err := os.Stat(path)
	return err
}
