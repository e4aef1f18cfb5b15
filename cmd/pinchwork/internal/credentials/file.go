package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/atomicfile"
)

// Dir is where the command line keeps its files: $XDG_CONFIG_HOME/pinchwork,
// or ~/.config/pinchwork.
func Dir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pinchwork"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("no home folder: set HOME or XDG_CONFIG_HOME")
	}
	return filepath.Join(home, ".config", "pinchwork"), nil
}

// File is the credentials file of one user.
type File struct{ Path string }

// document is the file's form on disk.
type document struct {
	Profile
	Current  string             `json:"current,omitempty"`
	Profiles map[string]Profile `json:"profiles,omitempty"`
}

// Load reads the file. A file that does not exist is an empty Set.
func (f File) Load() (Set, error) {
	data, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return Set{}, nil
	}
	if err != nil {
		return Set{}, fmt.Errorf("reading the credentials: %w", err)
	}
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		// The cause is left out, since it may quote the file.
		return Set{}, fmt.Errorf("%s is not a credentials file: bad JSON", f.Path)
	}
	return d.set(), nil
}

func (d document) set() Set {
	s := Set{Current: d.Current, Profiles: d.Profiles}
	if d.APIKey != "" {
		s.Put(Default, d.Profile)
	}
	return s
}

func (s Set) document() document {
	d := document{Profile: s.Profiles[Default], Current: s.Current, Profiles: map[string]Profile{}}
	for name, p := range s.Profiles {
		if name != Default {
			d.Profiles[name] = p
		}
	}
	return d
}

// Exposed reports whether others than the owner may read or write the file.
func (f File) Exposed() bool {
	info, err := os.Stat(f.Path)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// Update changes the file: change gets the content and may alter it, and the
// result is written unless change returns an error. Two updates never overlap,
// and a reader sees the file before or after, never in between.
func (f File) Update(change func(*Set) error) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the credentials: %w", err)
	}
	unlock, err := atomicfile.Lock(f.Path + ".lock")
	if err != nil {
		return fmt.Errorf("locking the credentials: %w", err)
	}
	defer unlock()
	set, err := f.Load()
	if err != nil {
		return err
	}
	if err := change(&set); err != nil {
		return err
	}
	if err := atomicfile.WriteJSON(f.Path, set.document()); err != nil {
		return fmt.Errorf("writing the credentials: %w", err)
	}
	return nil
}
