package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Backup writes a copy of the file as of one instant to a path where nothing is yet,
// while everybody goes on reading and writing. The copy is whole and on the disk when
// Backup returns nil, and never there in part.
//
// To restore it, open the copy, or put it where the file was while nobody has that
// open; what lies beside the old file with -wal and -shm after its name has to go with
// it.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.closed.Load() {
		return failure("backing up", ErrClosed)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return failure("backing up", errors.Join(fmt.Errorf("%s: %w", path, fs.ErrExist), err))
	}
	part, err := os.MkdirTemp(filepath.Dir(path), ".pinchwork-backup-*")
	if err != nil {
		return failure("backing up", err)
	}
	defer func() { _ = os.RemoveAll(part) }()
	copied := filepath.Join(part, "copy")
	if err := s.place.file.copyTo(ctx, copied); err != nil {
		return failure("backing up", s.whyFailed(copied, err))
	}
	// A link, unlike a renaming, takes no place that somebody else has taken meanwhile.
	if err := os.Link(copied, path); err != nil {
		return failure("backing up", err)
	}
	if err := placed(path); err != nil {
		return failure("backing up", err)
	}
	return nil
}

// placed waits until the disk has the name of a file. Windows has no way to.
func placed(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return synced(filepath.Dir(path))
}

// copyTo writes a copy on a connection of its own, which reads.
func (f *file) copyTo(ctx context.Context, path string) error {
	c, err := f.options.connect(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = c.close() }()
	c.db.SetInterrupt(ctx)
	if err := c.run("vacuum into ?", path); err != nil {
		return errors.Join(interrupted(ctx, err), err)
	}
	if err := os.Chmod(path, private); err != nil {
		return err
	}
	return synced(path)
}

// private is the mode of files that hold keys and secrets.
const private = 0o600

// synced waits until the disk has a file or a folder.
func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}
