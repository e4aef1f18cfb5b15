package worker

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Record keeps what the next run has to know, a few hundred bytes for each task under
// way. Use OpenRecord for a file, or write one for where a program keeps its state.
type Record interface {
	// Load returns what was saved last, nil when nothing was.
	Load() ([]byte, error)
	// Save replaces it. After its return the data survives the end of the program.
	Save(data []byte) error
}

// ErrInUse is the error of OpenRecord when another program has the record open.
var ErrInUse = errors.New("another worker uses this record")

// FileRecord is a Record in a file.
type FileRecord struct {
	path   string
	unlock func() error
}

// OpenRecord opens the record in a file, for this program alone: ErrInUse says that
// another one has it. The file is made when something is saved; its folder must exist.
func OpenRecord(path string) (*FileRecord, error) {
	unlock, err := lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	sweep(path)
	return &FileRecord{path: path, unlock: unlock}, nil
}

// sweep removes what a program left behind that ended while it saved: nobody else saves
// under the lock.
func sweep(path string) {
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		digits, is := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if _, err := strconv.ParseUint(digits, 10, 64); is && err == nil {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}

// Close lets others open the record.
func (r *FileRecord) Close() error { return r.unlock() }

// Load reads the file.
func (r *FileRecord) Load() ([]byte, error) {
	data, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Save replaces the file at once.
func (r *FileRecord) Save(data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(r.path), filepath.Base(r.path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), r.path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
