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
