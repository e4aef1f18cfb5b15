package work_test

import (
	"os"
	"path/filepath"
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
	data, err := os.ReadFile(path)
	want := "{\n  \"lastCheck\": \"2000-01-01T00:00:00Z\",\n  \"tasksCompleted\": 4,\n  \"creditsEarned\": 210\n}\n"
	if err != nil || string(data) != want {
		t.Errorf("state %s, %v", data, err)
	}
	if err := os.WriteFile(path, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := work.StateFile{Path: path}
	if err := s.Update(func(s *work.State) { s.TasksCompleted++ }); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(); err != nil || got.TasksCompleted != 1 {
		t.Errorf("after damage: %+v, %v", got, err)
	}
}
