package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// asProgram makes this test binary the program, which can be killed.
const asProgram = "PINCHWORK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start runs the program in a folder.
func start(t *testing.T, folder string, needs []string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], needs...)
	cmd.Dir, cmd.Env, cmd.Stderr = folder, append(os.Environ(), asProgram+"=1"), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// The program is killed at different moments, and goes on each time: in the end all has
// its result, and each task was paid once.
func TestTheProgramSurvivesKills(t *testing.T) {
	folder := t.TempDir()
	var needs, want []string
	for n := range 20 {
		need := fmt.Sprintf("task %d", n)
		needs, want = append(needs, need), append(want, "done: "+need)
	}
	for _, after := range []int{1, 4, 9} {
		cmd, results := start(t, folder, needs)
		for range after {
			results.Scan()
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for results.Scan() {
		}
		_ = cmd.Wait()
	}
	cmd, results := start(t, folder, needs)
	var got []string
	for results.Scan() {
		got = append(got, results.Text())
	}
	if err := cmd.Wait(); err != nil || !slices.Equal(got, want) {
		t.Errorf("the program ended with %v and %q", err, got)
	}
	// The log is there as long as somebody has the file open.
	if _, err := os.Stat(filepath.Join(folder, "market.db-wal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the program has left its market open: %v", err)
	}
	paid(t, filepath.Join(folder, "market.db"), len(needs))
}

// paid checks that there are so many tasks, each approved, and what the agents have.
func paid(t *testing.T, path string, tasks int) {
	t.Helper()
	kept, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }()
	m, err := pinchwork.New(pinchwork.WithStore(kept))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "bob", "boss"} {
		agent, err := m.Ensure(t.Context(), name, market.RegisterInput{Name: name})
		if err != nil || agent.Created {
			t.Fatalf("%s is new: %v, %v", name, agent.Created, err)
		}
		c, err := m.As(agent.AgentID).Credits(t.Context(), market.Page{})
		if err != nil || c.Escrowed != 0 || name == "boss" && c.Balance != int64(100-tasks) {
			t.Errorf("%s has %d credits and %d in escrow, %v", name, c.Balance, c.Escrowed, err)
		}
	}
	if totals, err := kept.Totals(t.Context()); err != nil || totals.Tasks[market.StatusApproved] != int64(tasks) {
		t.Errorf("the tasks are %v, %v", totals.Tasks, err)
	}
}

// The README shows the program as it is.
func TestTheReadmeShowsTheProgram(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(source), "package main\n")
	if !strings.Contains(string(readme), "```go\npackage main\n"+program+"```\n") {
		t.Error("the program in the README is another one")
	}
}
