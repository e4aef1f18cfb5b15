package serve

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
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

func TestBackupOfWhatIsNoFile(t *testing.T) {
	folder := t.TempDir()
	for _, store := range []string{"memory", "redis://localhost", "sqlite:" + filepath.Join(folder, "missing.db")} {
		if err := Backup(context.Background(), Settings{Store: store}, filepath.Join(folder, "copy.db")); !errors.Is(err, ErrSetting) {
			t.Errorf("%s: %v", store, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "missing.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing store is there now: %v", err)
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
