package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// A backup that is taken while others write is whole, has all that was acknowledged
// before it began, and opens like the file.
func TestBackupWhileOthersWrite(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "market.db"), sqlite.WithoutDurability())
	populate(t, s)
	stop, stopped, began := make(chan struct{}), make(chan error), make(chan struct{})
	before := versions{}
	go func() {
		for n := 1; ; n++ {
			err := lead(s, n, func(l *storebench.Life) {
				if n <= 10 {
					before.add(l.Task.ID, l.Task.Version)
				}
			})
			if n == 10 {
				close(began)
			}
			select {
			case <-stop:
				stopped <- err
				return
			default:
			}
		}
	}()
	<-began
	for _, name := range []string{"first.db", "second.db"} {
		if err := s.Backup(t.Context(), filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
		check(t, openAt(t, filepath.Join(folder, name)), before)
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// A backup takes the place of the file as the documentation says: with nobody at work,
// and without what a killed process has left beside it. It holds what was acknowledged
// until then and nothing of later.
func TestABackupTakesThePlaceOfTheFile(t *testing.T) {
	folder := t.TempDir()
	path, copied := filepath.Join(folder, "market.db"), filepath.Join(folder, "copy.db")
	s := openAt(t, path)
	populate(t, s)
	acknowledged, later := versions{}, versions{}
	if err := lead(s, 1, func(l *storebench.Life) { acknowledged.add(l.Task.ID, l.Task.Version) }); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Backup(t.Context(), copied), s.Close()); err != nil {
		t.Fatal(err)
	}
	c := startChild(t, path, 100)
	c.hear(t, 50, later)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("the killed process left no log: %v", err)
	}
	if err := errors.Join(os.Remove(path+"-wal"), os.Remove(path+"-shm"), os.Rename(copied, path)); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, path)
	check(t, again, acknowledged)
	for id := range later {
		l, err := again.Load(t.Context(), store.LoadQuery{Task: id})
		if err != nil || l.Task != nil {
			t.Errorf("%s is of later, and there: %v", id, err)
		}
	}
	if err := lead(again, 2, func(*storebench.Life) {}); err != nil {
		t.Error(err)
	}
}

func TestBackupTakesNoPlace(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "market.db"), sqlite.WithoutDurability())
	taken := filepath.Join(folder, "taken")
	if err := os.WriteFile(taken, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), taken); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if got, _ := os.ReadFile(taken); string(got) != "precious" {
		t.Errorf("the other file holds %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, filepath.Join(folder, "cancelled.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	hidden, _ := filepath.Glob(filepath.Join(folder, ".pinchwork*"))
	if err != nil || len(hidden) != 0 || len(left) != 4 {
		t.Errorf("left behind: %v %v, %v", left, hidden, err)
	}
}
