// Package atomicfile replaces a file atomically: a reader sees the old content
// or the new one, even after a crash.
package atomicfile

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Lock waits until nobody else holds the file at path, which others cannot read.
func Lock(path string) (unlock func(), err error) {
	f, err := lockedfile.OpenFile(path, os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

const private = 0o600

// WriteJSON replaces the file at path by v as indented JSON, readable by its
// owner alone. The folder must exist.
func WriteJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return write(path, append(data, '\n'))
}

func write(path string, data []byte) (err error) {
	// A symbolic link, as dotfile managers make them, stays one.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
