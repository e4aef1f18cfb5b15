package serve

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/programtest"
)

// What a server keeps in a file is there for the next one, for another at the same
// time, and in a backup that was taken meanwhile.
func TestAMarketplaceInAFile(t *testing.T) {
	folder := t.TempDir()
	path, copied := filepath.Join(folder, "market.db"), filepath.Join(folder, "copy.db")
	on := func(store string) func(*Settings) { return func(s *Settings) { s.Store = store } }
	first := start(t, on("sqlite:"+path))
	key := first.register(map[string]any{"name": "ada"})
	var posted struct {
		ID string `json:"task_id"`
	}
	first.call(http.MethodPost, "/v1/tasks", key, map[string]any{"need": "review"}, &posted)
	second := start(t, on("sqlite://"+path))
	second.call(http.MethodGet, "/v1/tasks/"+posted.ID, key, nil, nil)
	if err := Backup(context.Background(), Settings{Store: "sqlite:" + path}, copied); err != nil {
		t.Fatal(err)
	}
	for _, i := range []*instance{first, second} {
		if err := i.ends(); err != nil {
			t.Error(err)
		}
	}
	for _, file := range []string{path, copied} {
		again := start(t, on("sqlite:"+file))
		again.call(http.MethodGet, "/v1/tasks/"+posted.ID, key, nil, nil)
		if err := again.ends(); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyAServerMakesAFile(t *testing.T) {
	folder := t.TempDir()
	for _, store := range []string{"memory", "redis://localhost", "sqlite:" + filepath.Join(folder, "missing.db")} {
		if err := Backup(context.Background(), Settings{Store: store}, filepath.Join(folder, "copy.db")); !errors.Is(err, ErrSetting) {
			t.Errorf("%s: %v", store, err)
		}
	}
	if _, err := Prune(context.Background(), Settings{Store: "sqlite:" + filepath.Join(folder, "missing.db")}, 0, io.Discard); !errors.Is(err, ErrSetting) {
		t.Errorf("pruning a store that is missing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "missing.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing store is there now: %v", err)
	}
}

// A server for which nothing was configured keeps everything in a file of the folder
// that it was started in, says where, and finds it again.
func TestTheFirstServerKeepsWhatItIsGiven(t *testing.T) {
	t.Chdir(t.TempDir())
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "pinchwork.db")
	var key string
	for _, want := range []string{"kept in " + path + ", a new file", "kept in " + path} {
		i := start(t, func(s *Settings) { s.Store = Defaults().Store })
		if !strings.HasSuffix(i.greeting, want) {
			t.Errorf("the server says %q, want %q", i.greeting, want)
		}
		if key == "" {
			key = i.register(map[string]any{"name": "ada"})
		}
		i.call(http.MethodGet, "/v1/me", key, nil, nil)
		if err := i.ends(); err != nil {
			t.Error(err)
		}
	}
}

// What keeps the default from being opened names the folder, which the path does not.
func TestAFileThatCannotBeMadeNamesItsFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("pinchwork.db", 0o700); err != nil {
		t.Fatal(err)
	}
	err = Run(context.Background(), Defaults(), "test", io.Discard, io.Discard)
	if !errors.Is(err, ErrSetting) || !strings.Contains(err.Error(), folder) || strings.Contains(err.Error(), "\n") {
		t.Errorf("started with %v", err)
	}
}

func TestAFileThatIsNoStoreStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte("this is no database, and was never one; it is long enough to be looked at, though"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Defaults()
	s.Store = "sqlite:" + path
	if err := Run(context.Background(), s, "test", os.Stdout, os.Stderr); !errors.Is(err, ErrSetting) {
		t.Errorf("started with %v", err)
	}
}

// The log says once what was made of the schema.
func TestTheLogSaysWhatWasMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	for _, fresh := range []bool{true, false} {
		log := &programtest.Log{}
		i := startLogged(t, log, func(s *Settings) { s.Store = "sqlite:" + path })
		if err := i.ends(); err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(log.String(), `msg="the store was migrated" from_version=0 to_version=`); said != fresh {
			t.Errorf("a new file %v: the log says\n%s", fresh, log)
		}
	}
}
