// Package work is what the command work does beside the loop of package worker: it runs
// a command for each task, counts, keeps the state file, and has what the packages share
// that hand tasks to agents elsewhere.
package work

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/atomicfile"
)

// State is the content of state.json, which docs/workers.md describes.
type State struct {
	// LastAsked is when the marketplace was last asked for work.
	LastAsked time.Time `json:"last_asked_at"`
	// Delivered counts the results delivered by this and earlier runs.
	Delivered int64 `json:"results_delivered"`
	// Earned is what the agent has been paid so far, net of fees.
	Earned int64 `json:"credits_earned"`
}

// olderState is how State was written before.
type olderState struct {
	LastAsked time.Time `json:"lastCheck"`
	Delivered int64     `json:"tasksCompleted"`
	Earned    int64     `json:"creditsEarned"`
}

// StateFile is a file that holds a State. Several workers may share it.
type StateFile struct{ Path string }

// Update changes the state atomically, and never overwrites another worker's
// change.
func (f *StateFile) Update(change func(*State)) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return err
	}
	unlock, err := atomicfile.Lock(f.Path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	state, err := f.Load()
	if err != nil {
		return err
	}
	change(&state)
	return atomicfile.WriteJSON(f.Path, state)
}

// Load reads the state; a file that does not exist or is damaged is a new one.
func (f *StateFile) Load() (State, error) {
	data, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	var older olderState
	if json.Unmarshal(data, &older) != nil {
		return State{}, nil
	}
	s := State(older)
	if json.Unmarshal(data, &s) != nil {
		return State{}, nil
	}
	return s, nil
}
