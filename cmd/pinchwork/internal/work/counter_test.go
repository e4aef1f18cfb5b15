package work_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

func TestStateIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x", "state.json")
	for round := 1; round <= 2; round++ {
		synctest.Test(t, func(t *testing.T) {
			c := &work.Counter{
				State: &work.StateFile{Path: path}, Log: func(line string) { t.Log(line) },
				Earned: func() (int64, error) { return int64(100*round + 10), nil },
			}
			for _, kind := range []worker.Kind{worker.Asked, worker.Started, worker.Delivered, worker.Started, worker.Failed, worker.Started, worker.Delivered, worker.Approved} {
				c.Observe(worker.Event{Kind: kind})
			}
			if got := c.Counts(); got != (work.Counts{Started: 3, Delivered: 2, Failed: 1, Ended: 3}) {
				t.Errorf("counted %+v", got)
			}
		})
	}
	for _, name := range []string{path, path + ".lock"} {
		if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	data, err := os.ReadFile(path)
	want := "{\n  \"last_asked_at\": \"2000-01-01T00:00:00Z\",\n  \"results_delivered\": 4,\n  \"credits_earned\": 210\n}\n"
	if err != nil || string(data) != want {
		t.Errorf("state %s, %v", data, err)
	}
	if err := os.WriteFile(path, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := work.StateFile{Path: path}
	if err := s.Update(func(s *work.State) { s.Delivered++ }); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(); err != nil || got.Delivered != 1 {
		t.Errorf("after damage: %+v, %v", got, err)
	}
}

// What an older version has counted counts on.
func TestOlderState(t *testing.T) {
	f := work.StateFile{Path: filepath.Join(t.TempDir(), "state.json")}
	older := `{"lastCheck": "2026-01-02T03:04:05Z", "tasksCompleted": 7, "creditsEarned": 90}`
	if err := os.WriteFile(f.Path, []byte(older), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Update(func(s *work.State) { s.Delivered++ }); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(f.Path)
	want := "{\n  \"last_asked_at\": \"2026-01-02T03:04:05Z\",\n  \"results_delivered\": 8,\n  \"credits_earned\": 90\n}\n"
	if err != nil || string(data) != want {
		t.Errorf("state %s, %v", data, err)
	}
}
