package worker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pinchwork/pinchwork/worker"
)

func TestARecordIsForOneProgramAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.json")
	record, err := worker.OpenRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.OpenRecord(path); !errors.Is(err, worker.ErrInUse) {
		t.Errorf("a second one got %v", err)
	}
	if err := record.Save([]byte(`{"asking":"k"}`)); err != nil {
		t.Fatal(err)
	}
	if err := record.Close(); err != nil {
		t.Fatal(err)
	}
	record, err = worker.OpenRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = record.Close() }()
	if data, err := record.Load(); string(data) != `{"asking":"k"}` || err != nil {
		t.Errorf("it keeps %s, %v", data, err)
	}
}

// A program that is killed while it saves leaves a half-written file, which the next one
// removes; what is not the record's own stays.
func TestStraysOfARecordAreRemoved(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"ann.claims.1664668930", "ann.claims.bak", "bob.claims.1"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	record, err := worker.OpenRecord(filepath.Join(folder, "ann.claims"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = record.Close() }()
	for name, stays := range map[string]bool{"ann.claims.1664668930": false, "ann.claims.bak": true, "bob.claims.1": true} {
		if _, err := os.Stat(filepath.Join(folder, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A run that cannot tell which claims are its own does nothing at all.
func TestADamagedRecordIsNotGuessedAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.json")
	if err := os.WriteFile(path, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	record, err := worker.OpenRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = record.Close() }()
	f := newFake("tk-1")
	err = worker.Run(t.Context(), f, func(context.Context, worker.Task) (worker.Result, error) { return worker.Text("x"), nil }, worker.Keep(record))
	if err == nil || len(f.pickups) != 0 {
		t.Errorf("it ended with %v after %d pickups", err, len(f.pickups))
	}
}
