package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// refusedOpen opens what must not be opened.
func refusedOpen(t *testing.T, path string, want error, opts ...sqlite.Option) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, opts...)
	if err == nil {
		_ = s.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("opened with %v, want %v", err, want)
	}
}

// marketplace is a closed file with agents and some lives.
func marketplace(t *testing.T) (path string, acknowledged versions) {
	t.Helper()
	path, acknowledged = filepath.Join(t.TempDir(), "market.db"), versions{}
	s := openAt(t, path, sqlite.WithoutDurability())
	populate(t, s)
	for n := range 20 {
		if err := lead(s, n, func(l *storebench.Life) { acknowledged.add(l.Task.ID, l.Task.Version) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, acknowledged
}

// execute changes a file behind the store's back.
func execute(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// A file has one writer in a process, whatever the file is called: with another's
// transaction open the second name waits for the same turn and not for a lock.
func TestNamesOfOneFileAreOneStore(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "market.db"), filepath.Join(folder, "link")
	s := openAt(t, path, sqlite.WithoutDurability())
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	// What lies above the inner folder is not what its name says.
	deep := filepath.Join(folder, "deep")
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(t.TempDir(), "inner")
	if err := os.Symlink(deep, inner); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	for _, name := range []string{"market.db", "link/market.db", folder + "/./market.db", inner + "/../market.db"} {
		other := openAt(t, name)
		if other.Path() != s.Path() {
			t.Errorf("%s is %s, and not %s", name, other.Path(), s.Path())
		}
		if !sqlite.SameWriter(s, other) {
			t.Errorf("%s has a writer of its own", name)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	populate(t, openAt(t, path))
}

// Whatever a file's name holds, it is that file.
func TestNamesMayHoldAnything(t *testing.T) {
	for _, name := range []string{"a b.db", "a+b?c#d&e=f%20g.db", "ü'\";.db", "file:x.db", ":memory:"} {
		folder := t.TempDir()
		s := openAt(t, filepath.Join(folder, name), sqlite.WithoutDurability())
		populate(t, s)
		err := s.Transact(t.Context(), func(tx *sql.Tx, within *sqlite.Store) error {
			_, err := within.Commit(t.Context(), storebench.NewLife(1, storebench.AgentID(1), "").Post())
			return err
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		check(t, openAt(t, filepath.Join(folder, name)), versions{storebench.TaskID(1): 1})
	}
}

// A store that was closed does nothing, and the others on the file go on.
func TestCloseEndsOneHandle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	one, other := openAt(t, path, sqlite.WithoutDurability()), openAt(t, path)
	for range 2 {
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := one.Commit(t.Context(), storebench.Registration(1, 1)); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("a commit after Close: %v", err)
	}
	if _, err := one.Totals(t.Context()); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("a read after Close: %v", err)
	}
	populate(t, other)
}

func TestWhatIsNoMarketplaceIsRefused(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	refusedOpen(t, text, sqlite.ErrDamaged)
	if got, _ := os.ReadFile(text); !strings.HasPrefix(string(got), "no database") {
		t.Error("the strange file was written")
	}
	for _, path := range []string{folder, "", ":memory:", "file:market.db", filepath.Join(folder, "missing", "market.db")} {
		if s, err := sqlite.Open(t.Context(), path); err == nil {
			_ = s.Close()
			t.Errorf("%q was opened", path)
		}
	}
}

// A file that has lost its end, or a piece in the middle, is refused, or fails where the
// piece is missing: it never answers with what is not so.
func TestDamagedFilesAreRefused(t *testing.T) {
	for name, damage := range map[string]func(b []byte) []byte{
		"cut in half":           func(b []byte) []byte { return b[:len(b)/2] },
		"cut by a byte":         func(b []byte) []byte { return b[:len(b)-1] },
		"cut within its header": func(b []byte) []byte { return b[:50] },
		"a strange header":      func(b []byte) []byte { copy(b, "SQLite format 4"); return b },
		"no schema":             func(b []byte) []byte { clear(b[100:4096]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := marketplace(t)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			refusedOpen(t, path, sqlite.ErrDamaged)
		})
	}
}

func TestDamageIsAFailureOfTheStore(t *testing.T) {
	path, _ := marketplace(t)
	var page int64
	execute(t, path, "pragma wal_checkpoint(truncate)")
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	err = db.QueryRowContext(t.Context(), "select rootpage from sqlite_schema where name = 'pinchwork_account'").Scan(&page)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := (page - 1) * 4096; at < page*4096; at++ {
		b[at] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	_, err = s.Commit(t.Context(), storebench.NewLife(1_000, storebench.AgentID(1), "").Post())
	var conflict *store.Conflict
	if !errors.Is(err, sqlite.ErrDamaged) || errors.As(err, &conflict) {
		t.Errorf("a commit says %v", err)
	}
}

func TestNewerFilesAreRefused(t *testing.T) {
	path, acknowledged := marketplace(t)
	execute(t, path, "update pinchwork_schema set version = version + 1")
	refusedOpen(t, path, sqlite.ErrNewerSchema)
	execute(t, path, "update pinchwork_schema set version = version - 1")
	check(t, openAt(t, path), acknowledged)
}

// A step that fails leaves the file as it was, and its version with it.
func TestFailedUpgradeLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	execute(t, path, "create table pinchwork_total (mine integer)", "create table purchase (task text)")
	if _, err := sqlite.Open(t.Context(), path); err == nil {
		t.Fatal("the tables were made over another's")
	}
	execute(t, path, "drop table pinchwork_total")
	check(t, openAt(t, path), nil)
	execute(t, path, "insert into purchase values ('tk-1')")
}

// The host's own version and tables stay what they are.
func TestTheHostsVersionIsItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	execute(t, path, "create table purchase (task text)", "pragma user_version = 7", "pragma application_id = 9")
	s := openAt(t, path, sqlite.WithoutDurability())
	populate(t, s)
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var version, application, strange int
	err = errors.Join(
		db.QueryRowContext(t.Context(), "pragma user_version").Scan(&version),
		db.QueryRowContext(t.Context(), "pragma application_id").Scan(&application),
		db.QueryRowContext(t.Context(), `select count(*) from sqlite_schema where name not like 'pinchwork\_%' escape '\'
			and name not like 'sqlite%' and name <> 'purchase'`).Scan(&strange))
	if err != nil || version != 7 || application != 9 || strange != 0 {
		t.Errorf("version %d, application %d, %d strange names, %v", version, application, strange, err)
	}
}

func TestReadOnlyFilesAreRefused(t *testing.T) {
	path, _ := marketplace(t)
	d, name := newDisk(t)
	d.readOnly = true
	refusedOpen(t, path, sqlite.ErrReadOnly, sqlite.Through(name))
}

// SQLite answers a setting that it cannot fulfil with another one and no error.
func TestASettingThatDoesNotTakeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	d, name := newDisk(t)
	d.alone = true
	s, err := sqlite.Open(t.Context(), path, sqlite.Through(name))
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "journal_mode is") {
		t.Errorf("without a log to write ahead it was opened with %v", err)
	}
	populate(t, openAt(t, path, sqlite.WithoutDurability()))
}

func TestNetworkFileSystemsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	refusedOpen(t, path, sqlite.ErrNetwork, sqlite.On("NFS"))
	populate(t, openAt(t, path, sqlite.WithoutDurability()))
}

// Others on the machine cannot read what the file and its log hold.
func TestFilesAreForTheirOwner(t *testing.T) {
	folder := t.TempDir()
	s := openAt(t, filepath.Join(folder, "market.db"), sqlite.WithoutDurability())
	populate(t, s)
	if err := s.Backup(t.Context(), filepath.Join(folder, "backup.db")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"market.db", "market.db-wal", "backup.db"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// While the disk is full every write fails and Ping says so, reads go on, and when there
// is room again the store goes on with nothing done by halves.
func TestFullDisk(t *testing.T) {
	for what, failure := range map[string]error{"full": sqlite3.FULL, "failing": sqlite3.IOERR_WRITE} {
		t.Run(what, func(t *testing.T) {
			d, name := newDisk(t)
			s := openAt(t, filepath.Join(t.TempDir(), "market.db"), sqlite.Through(name))
			populate(t, s)
			acknowledged := versions{}
			note := func(l *storebench.Life) { acknowledged.add(l.Task.ID, l.Task.Version) }
			if err := lead(s, 1, note); err != nil {
				t.Fatal(err)
			}
			d.fail(failure)
			for n := 2; n < 5; n++ {
				var conflict *store.Conflict
				if err := lead(s, n, note); err == nil || errors.As(err, &conflict) {
					t.Errorf("a commit says %v", err)
				}
			}
			if _, err := s.Ping(t.Context()); err == nil {
				t.Error("Ping says that all is well")
			}
			if _, err := s.Totals(t.Context()); err != nil {
				t.Errorf("reading: %v", err)
			}
			d.fail(nil)
			if err := lead(s, 2, note); err != nil {
				t.Error(err)
			}
			if _, err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
			check(t, s, acknowledged)
		})
	}
}

// Where the driver does not say that the disk is full the disk does. A server that has
// found it so is not ready until there is room, even if a few bytes find some.
func TestADiskIsFullUntilThereIsRoom(t *testing.T) {
	d, name := newDisk(t)
	var room atomic.Bool
	room.Store(true)
	opts := []sqlite.Option{sqlite.Through(name), sqlite.Room(room.Load)}
	s := openAt(t, filepath.Join(t.TempDir(), "market.db"), opts...)
	populate(t, s)
	nothing := func(*storebench.Life) {}

	d.fail(sqlite3.IOERR_WRITE)
	if err := lead(s, 1, nothing); err == nil || errors.Is(err, sqlite.ErrFull) {
		t.Errorf("a disk that fails: %v", err)
	}
	room.Store(false)
	if err := lead(s, 2, nothing); !errors.Is(err, sqlite.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
	refusedOpen(t, filepath.Join(t.TempDir(), "other.db"), sqlite.ErrFull, opts...)
	d.fail(nil)
	if _, err := s.Ping(t.Context()); !errors.Is(err, sqlite.ErrFull) {
		t.Errorf("on a disk that was full a moment ago Ping says %v", err)
	}
	room.Store(true)
	if _, err := s.Ping(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	d.fail(sqlite3.FULL)
	refusedOpen(t, filepath.Join(t.TempDir(), "other.db"), sqlite.ErrFull, opts...)
}

// A call waits for another process no longer than it may, and the store goes on.
func TestBusyFileIsAFailureInTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	s := openAt(t, path, sqlite.WithoutDurability(), sqlite.WithCallTimeout(time.Second))
	populate(t, s)
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	life := storebench.NewLife(1, storebench.AgentID(1), "")
	var conflict *store.Conflict
	if _, err := s.Commit(context.Background(), life.Post()); err == nil || errors.As(err, &conflict) {
		t.Errorf("a commit beside another's transaction: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := lead(s, 2, func(*storebench.Life) {}); err != nil {
		t.Error(err)
	}
}

// Who may read the file may read what SQLite keeps beside it, and nobody else.
func TestModes(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o640} {
		path := filepath.Join(t.TempDir(), "market.db")
		if mode != 0o600 {
			if err := os.WriteFile(path, nil, mode); err != nil {
				t.Fatal(err)
			}
		}
		openAt(t, path)
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v, want %v", filepath.Base(name), info.Mode(), err, mode)
			}
		}
	}
}

func TestMigratedSaysWhatWasDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	s := openAt(t, path)
	from, newest := s.Migrated()
	if from != 0 || newest == 0 {
		t.Errorf("a new file was migrated from %d to %d", from, newest)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if from, to := openAt(t, path).Migrated(); from != newest || to != newest {
		t.Errorf("a file of version %d was migrated from %d to %d", newest, from, to)
	}
}
