package sim

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// One processor and no collector in the middle of a run: then goroutines that wake
// each other within the market do so in the same order every time, and the same
// seed is the same run.
func TestMain(m *testing.M) {
	flag.Parse()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	os.Exit(m.Run())
}

// in runs a story in a bubble.
func in(t *testing.T, s Setting, from source) (o *Outcome) {
	synctest.Test(t, func(*testing.T) { o = play(s, from) })
	return o
}

// tidy collects what the last runs have left, between two runs.
func tidy(run int) {
	if run%64 == 0 {
		runtime.GC()
	}
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// share says which part of a test's runs is this process's: every of-th, from the
// first-th on. In the process that was started it is none: its children do the work,
// one for each processor.
func share(t *testing.T) (first, of int, mine bool) {
	if _, err := fmt.Sscanf(os.Getenv("PINCHWORK_SIM_CHILD"), "%d/%d", &first, &of); err == nil {
		return first, of, true
	}
	var wait sync.WaitGroup
	for n := range runtime.NumCPU() {
		cmd := exec.Command(os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$", "-test.timeout", "0", fmt.Sprint("-test.short=", testing.Short()))
		cmd.Env = append(os.Environ(), fmt.Sprintf("PINCHWORK_SIM_CHILD=%d/%d", n, runtime.NumCPU()))
		wait.Go(func() {
			out, err := cmd.CombinedOutput()
			if t.Logf("%s", out); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	return 0, 0, false
}

// The seeds from PINCHWORK_SIM_SEED on: PINCHWORK_SIM_SEEDS of them, or as many as
// it takes for PINCHWORK_SIM_OPERATIONS operations.
func TestRandom(t *testing.T) {
	// These are read in the process that was started as well: go test answers from its
	// cache when nothing that this process has read is different.
	from, seeds := number("PINCHWORK_SIM_SEED", 1), number("PINCHWORK_SIM_SEEDS", usualSeeds)
	if operations := number("PINCHWORK_SIM_OPERATIONS", 0); operations > 0 {
		seeds = operations / operationsPerSeed
	}
	first, of, mine := share(t)
	if !mine {
		return
	}
	if testing.Short() {
		seeds = min(seeds, 500)
	}
	operations, calls := 0, 0
	for seed := from + first; seed < from+seeds && !t.Failed(); seed += of {
		s, g := settingOf(uint64(seed))
		o := in(t, s, g)
		operations += o.Operations
		calls += o.Calls
		tidy(seed / of)
		if len(o.Failures) > 0 {
			t.Errorf("%s", shrink(o, 300, func(actions []Action) *Outcome { return in(t, s, &retold{actions}) }).Story())
		}
	}
	t.Logf("%d operations, %d calls of the store", operations, calls)
}

// operationsPerSeed is about how many operations a seed has.
const operationsPerSeed = 25

// Every order in which two operations can meet, and every order of three that move
// credits; with PINCHWORK_SIM_MEETING only of the meetings whose names have that.
func TestEveryOrder(t *testing.T) {
	only := os.Getenv("PINCHWORK_SIM_MEETING")
	first, of, mine := share(t)
	if !mine {
		return
	}
	meetings := append(pairs(), threes()...)
	if only != "" {
		meetings = slices.DeleteFunc(meetings, func(m meeting) bool { return !strings.Contains(m.String(), only) })
	}
	if testing.Short() || usualSeeds < 1_000 {
		meetings = meetings[:min(len(meetings), 600)]
	}
	runs := 0
	for i := first; i < len(meetings) && !t.Failed(); i += of {
		m := meetings[i]
		e := &every{ops: m.operations()}
		for more := true; more && !t.Failed(); more = e.turn() {
			var o *Outcome
			synctest.Test(t, func(*testing.T) { o = meet(m, e) })
			if len(o.Failures) > 0 {
				t.Errorf("%s\n%s", m, o.Story())
			}
			runs++
			tidy(runs)
		}
	}
	t.Logf("%d runs", runs)
}
