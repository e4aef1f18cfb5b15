package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
	fresh := exists(path) != nil
	store, err := openFile(ctx, path)
	if err != nil {
		return nil, err
	}
	log.Info("the store is a file", "path", store.Path(), "new", fresh)
	migrated(store, log)
	kept := "in " + store.Path()
	if fresh {
		// In another folder than the last time a server begins with nothing.
		kept += ", a new file"
	}
	return &backend{store: store, kept: kept, kind: "sqlite", close: func() { _ = store.Close() }}, nil
}

// openFile names the folder where one is not in the path: the default has none.
func openFile(ctx context.Context, path string) (*sqlite.Store, error) {
	store, err := sqlite.Open(ctx, path)
	if err == nil {
		return store, nil
	}
	if sqlite.Retryable(err) {
		return nil, fmt.Errorf("--store (PINCHWORK_STORE): another program keeps the file busy: %w", err)
	}
	if passing(err) {
		return nil, fmt.Errorf("--store (PINCHWORK_STORE): %w", err)
	}
	folder, unknown := os.Getwd()
	if unknown != nil || filepath.IsAbs(path) {
		return nil, fmt.Errorf("%w: --store (PINCHWORK_STORE): %w", ErrSetting, err)
	}
	return nil, fmt.Errorf("%w: --store (PINCHWORK_STORE), in the folder %s: %w", ErrSetting, folder, err)
}

// Backup writes a copy of a store that is a file to a path where nothing is yet, while
// servers work on the store.
func Backup(ctx context.Context, s Settings, to string) error {
	path, ok := fileOf(&s)
	if !ok {
		return fmt.Errorf("%w: --store (PINCHWORK_STORE): only a store that is a file, sqlite:FILE, is backed up this way", ErrSetting)
	}
	if err := kept(&s); err != nil {
		return err
	}
	store, err := openFile(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return store.Backup(ctx, to)
}

// kept refuses a store that is a file and does not exist: only a server makes one, and
// a mistyped name is not to become an empty store.
func kept(s *Settings) error {
	path, ok := fileOf(s)
	if !ok {
		return nil
	}
	if err := exists(path); err != nil {
		return fmt.Errorf("%w: --store (PINCHWORK_STORE): %w", ErrSetting, err)
	}
	return nil
}

func exists(path string) error {
	_, err := os.Stat(path)
	return err
}
