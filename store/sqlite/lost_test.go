package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// disk is a VFS that remembers all that is done to its files, in order, so that one can
// look at what a machine that stops at any of these moments would find again.
type disk struct {
	vfs.VFS
	mu  sync.Mutex
	log []change
	// fails is what writing ends with, if anything; readOnly opens files for reading.
	fails    error
	readOnly bool
	// alone has no memory that processes share, without which there is no log to write
	// ahead.
	alone bool
}

// change is one thing done to a file.
type change struct {
	file string
	// data is written at a place; without any the file is cut there, or synced.
	data            []byte
	at              int64
	synced, deleted bool
}

var disks sync.Mutex

// newDisk is a VFS of its own name for one test.
func newDisk(t *testing.T) (d *disk, name string) {
	t.Helper()
	disks.Lock()
	defer disks.Unlock()
	d = &disk{VFS: vfs.Find("")}
	for n := 0; ; n++ {
		if name = fmt.Sprintf("disk%d", n); vfs.Find(name) == nil {
			vfs.Register(name, d)
			t.Cleanup(func() { vfs.Unregister(name) })
			return d, name
		}
	}
}

func (d *disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFS.Open(name, flags)
	return d.watch(f, name), flags, err
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if d.readOnly {
		flags = flags&^(vfs.OPEN_READWRITE|vfs.OPEN_CREATE) | vfs.OPEN_READONLY
	}
	f, flags, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if name == nil {
		return f, flags, err
	}
	return d.watch(f, name.String()), flags, err
}

// Delete is remembered as done for good: SQLite deletes nothing here but what it no
// longer needs.
func (d *disk) Delete(name string, syncDir bool) error {
	if err := d.note(change{file: filepath.Base(name), deleted: true}); err != nil {
		return err
	}
	return d.VFS.Delete(name, syncDir)
}

func (d *disk) watch(f vfs.File, name string) vfs.File {
	if f == nil {
		return nil
	}
	return &watched{File: f, disk: d, name: filepath.Base(name)}
}

// note remembers what is about to be done, unless it is to fail.
func (d *disk) note(c change) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails == nil {
		d.log = append(d.log, c)
	}
	return d.fails
}

func (d *disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails = err
}

// now is how many things have been done.
func (d *disk) now() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

type watched struct {
	vfs.File
	disk *disk
	name string
}

func (f *watched) Unwrap() vfs.File { return f.File }

func (f *watched) PowersafeOverwrite() bool { return vfsutil.WrapPowersafeOverwrite(f.File) }

func (f *watched) SetPowersafeOverwrite(on bool) { vfsutil.WrapSetPowersafeOverwrite(f.File, on) }

func (f *watched) SharedMemory() vfs.SharedMemory {
	if f.disk.alone {
		return nil
	}
	return vfsutil.WrapSharedMemory(f.File)
}

func (f *watched) WriteAt(b []byte, at int64) (int, error) {
	if err := f.disk.note(change{file: f.name, data: slices.Clone(b), at: at}); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, at)
}

func (f *watched) Truncate(size int64) error {
	if err := f.disk.note(change{file: f.name, at: size}); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *watched) Sync(flags vfs.SyncFlag) error {
	if err := f.File.Sync(flags); err != nil {
		return err
	}
	return f.disk.note(change{file: f.name, synced: true})
}

// remains are the files as they may be found after the first so many things were done
// and the machine stopped: of what was not synced any sector may be lost.
func (d *disk) remains(moment int, chance *rand.Rand) map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	lastSync := map[string]int{}
	for i, c := range d.log[:moment] {
		if c.synced {
			lastSync[c.file] = i
		}
	}
	lose := chance.Float64()
	files := map[string][]byte{}
	for i, c := range d.log[:moment] {
		if c.deleted {
			delete(files, c.file)
			continue
		}
		last, ever := lastSync[c.file]
		safe := ever && i < last
		files[c.file] = c.apply(files[c.file], func() bool { return safe || chance.Float64() >= lose })
	}
	return files
}

const sector = 512

// apply does a change to a file, sector by sector where these are kept.
func (c *change) apply(to []byte, kept func() bool) []byte {
	switch {
	case c.synced:
		return to
	case c.data == nil:
		if kept() && int64(len(to)) > c.at {
			to = to[:c.at]
		}
		return to
	}
	for from := 0; from < len(c.data); {
		at := c.at + int64(from)
		n := min(len(c.data)-from, sector-int(at%sector))
		if kept() {
			if missing := at + int64(n) - int64(len(to)); missing > 0 {
				to = append(to, make([]byte, missing)...)
			}
			copy(to[at:], c.data[from:from+n])
		}
		from += n
	}
	return to
}

// What a machine that stops at any moment finds again has all that was acknowledged
// before, and nothing done by halves.
func TestMachineThatStopsLosesNothing(t *testing.T) {
	lost := moments(t, 60)
	if lost > 0 {
		t.Errorf("%d of 60 moments have lost something", lost)
	}
}

// The moments can tell: with a disk that is not waited for they have lost something.
func TestMomentsTellWhatIsLost(t *testing.T) {
	if lost := moments(t, 20, sqlite.WithoutDurability()); lost == 0 {
		t.Error("nothing was lost without waiting for the disk")
	}
}

// moments leads lives, stops the machine at random moments, and counts those after
// which something is missing.
func moments(t *testing.T, many int, opts ...sqlite.Option) (lost int) {
	t.Helper()
	d, name := newDisk(t)
	path := filepath.Join(t.TempDir(), "market.db")
	// The log starts over several times meanwhile.
	s := openAt(t, path, append(opts, sqlite.Through(name), sqlite.CheckpointAfter(100))...)
	populate(t, s)
	began := d.now()
	all := d.lives(t, s)
	chance := rand.New(rand.NewPCG(1, 2))
	for range many {
		moment := began + chance.IntN(d.now()-began)
		acknowledged := versions{}
		for _, step := range all {
			if step.moment <= moment {
				acknowledged.add(step.task, step.version)
			}
		}
		if !survives(t, d.remains(moment, chance), acknowledged) {
			lost++
		}
	}
	return lost
}

// said is a step that was acknowledged when so many things had been done to the disk.
type said struct {
	moment  int
	task    store.TaskID
	version int64
}

// lives are led by four clients at once, whose rate limits are charged between.
func (d *disk) lives(t *testing.T, s *sqlite.Store) (all []said) {
	t.Helper()
	var mu sync.Mutex
	note := func(l *storebench.Life) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, said{d.now(), l.Task.ID, l.Task.Version})
	}
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for n := range 25 {
				charge := &store.Charge{Bucket: "b", Every: time.Second, Burst: 1000}
				_, err := s.Admit(context.Background(), store.Admission{Now: storebench.Epoch, Charge: charge})
				if err == nil {
					err = lead(s, 1000*client+n, note)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	return all
}

// survives reports whether a store opens on what remains, and has what was
// acknowledged.
func survives(t *testing.T, files map[string][]byte, acknowledged versions) bool {
	t.Helper()
	folder := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(folder, "market.db"))
	if err != nil {
		t.Logf("what remains cannot be opened: %v", err)
		return false
	}
	defer func() { _ = s.Close() }()
	found := &findings{TB: t}
	func() {
		defer func() {
			if stopped := recover(); stopped != nil && stopped != found {
				panic(stopped)
			}
		}()
		check(found, s, acknowledged)
	}()
	if len(found.list) > 0 {
		t.Log(found.list[0])
	}
	return len(found.list) == 0
}

// findings are what an audit says, in place of a failed test.
type findings struct {
	testing.TB
	list []string
}

func (f *findings) Errorf(format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func (f *findings) Fatal(args ...any) {
	f.Errorf("%s", strings.TrimSpace(fmt.Sprintln(args...)))
	panic(f)
}

func (f *findings) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}
