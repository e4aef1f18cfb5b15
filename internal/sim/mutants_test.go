package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A mutant is a bug that was there once. The files below testdata/mutants say what it
// does, and which text of which file becomes which.
type mutant struct {
	name, what string
	edits      []edit
}

type edit struct{ file, old, new string }

var editMark = regexp.MustCompile(`(?m)^-- (.*)\n`)

func readMutant(t *testing.T, path string) (m mutant) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m.name = strings.TrimSuffix(filepath.Base(path), ".txt")
	parts := editMark.Split(string(data), -1)
	marks := editMark.FindAllStringSubmatch(string(data), -1)
	m.what = strings.TrimSpace(parts[0])
	for i := 0; i+1 < len(marks); i += 2 {
		m.edits = append(m.edits, edit{file: marks[i][1], old: strings.TrimSuffix(parts[i+1], "\n"), new: strings.TrimSuffix(parts[i+2], "\n")})
	}
	return m
}

// overlay writes the mutant's files and the list by which the go command finds them.
func (m mutant) overlay(t *testing.T, root string) string {
	dir, texts, places := t.TempDir(), map[string]string{}, map[string]string{}
	for _, e := range m.edits {
		path := filepath.Join(root, e.file)
		if texts[path] == "" {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
			texts[path] = string(data)
		}
		if n := strings.Count(texts[path], e.old); n != 1 {
			t.Fatalf("%s: %s has its old text %d times: the code has moved, move the mutant too:\n%s", m.name, e.file, n, e.old)
		}
		texts[path] = strings.Replace(texts[path], e.old, e.new, 1)
	}
	for path, text := range texts {
		places[path] = filepath.Join(dir, fmt.Sprintf("%d.go", len(places)))
		if err := os.WriteFile(places[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": places})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return list
}

// Each bug of the past is found again when it is put back, by what the tests run
// every time. It takes minutes, so it is asked for: PINCHWORK_SIM_MUTANTS is "all",
// or what the mutants' names begin with.
func TestMutantsAreFound(t *testing.T) {
	wanted := os.Getenv("PINCHWORK_SIM_MUTANTS")
	if wanted == "" {
		wanted = "none"
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/mutants/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no mutants: %v", err)
	}
	for _, path := range paths {
		m := readMutant(t, path)
		if wanted == "all" || strings.HasPrefix(m.name, wanted) {
			t.Run(m.name, func(t *testing.T) { m.hunt(t, root) })
		}
	}
}

// hunt runs the simulator over the mutant until it is found.
func (m mutant) hunt(t *testing.T, root string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "mutant.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-trimpath", "-overlay", m.overlay(t, root), "-o", program, "./internal/sim")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s does not compile: %v\n%s", m.name, err, out)
	}
	began := time.Now()
	for _, test := range []string{"TestRandom", "TestEveryOrder"} {
		run := exec.CommandContext(ctx, program, "-test.run", "^"+test+"$", "-test.failfast")
		run.Env = append(os.Environ(), "PINCHWORK_SIM_CHILD=0/1")
		out, err := run.CombinedOutput()
		if err == nil {
			continue
		}
		t.Logf("%s\nfound by %s after %s:\n%s", m.what, test, time.Since(began).Round(time.Millisecond), story(string(out)))
		return
	}
	t.Errorf("%s is not found: %s", m.name, m.what)
}

// story is the part of a test's output that tells what was wrong.
func story(out string) string {
	lines := strings.Split(out, "\n")
	return strings.Join(lines[:min(len(lines), 60)], "\n")
}
