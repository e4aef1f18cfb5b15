package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// place is an open file, of which a process has one whatever it is called: two names
// that lead to one file, or two calls of Open, share its connections and its writer.
type place struct {
	info    os.FileInfo
	path    string
	holders int
	file    *file
	// full is whether the latest write that failed has found no room.
	full atomic.Bool
}

var open struct {
	sync.Mutex
	places []*place
}

// hold returns the file at a path, opened once.
func hold(path string, o options) (*place, error) {
	open.Lock()
	defer open.Unlock()
	real, info, err := locate(path, o.network)
	if err != nil {
		return nil, err
	}
	for _, p := range open.places {
		if os.SameFile(p.info, info) {
			p.holders++
			return p, nil
		}
	}
	f, err := openFile(real, o)
	if err != nil {
		return nil, err
	}
	p := &place{info: info, path: real, holders: 1, file: f}
	open.places = append(open.places, p)
	return p, nil
}

// release closes the file when nobody holds it any more.
func (p *place) release() error {
	open.Lock()
	defer open.Unlock()
	if p.holders--; p.holders > 0 {
		return nil
	}
	kept := open.places[:0]
	for _, other := range open.places {
		if other != p {
			kept = append(kept, other)
		}
	}
	clear(open.places[len(kept):])
	open.places = kept
	return p.file.close()
}

// locate follows a path to where the file really is, and makes an empty one where
// there is none.
func locate(path string, network func(folder string) string) (real string, info os.FileInfo, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, private)
	if os.IsPermission(err) {
		return "", nil, fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = f.Close() }()
	// Links come first: a name may lead through one and back by "..".
	if real, err = filepath.EvalSymlinks(path); err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return "", nil, err
	}
	if info, err = f.Stat(); err != nil {
		return "", nil, err
	}
	if !info.Mode().IsRegular() {
		return "", nil, fmt.Errorf("%s is no file", real)
	}
	if name := network(filepath.Dir(real)); name != "" {
		return "", nil, fmt.Errorf("%w (%s)", ErrNetwork, name)
	}
	return real, info, nil
}
