package sim

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
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

// The seeds from PINCHWORK_SIM_SEED on: PINCHWORK_SIM_SEEDS of them, or as many as
// it takes for PINCHWORK_SIM_OPERATIONS operations.
func TestRandom(t *testing.T) {
	from, seeds := number("PINCHWORK_SIM_SEED", 1), number("PINCHWORK_SIM_SEEDS", usualSeeds)
	if operations := number("PINCHWORK_SIM_OPERATIONS", 0); operations > 0 {
		seeds = operations / operationsPerSeed
	}
	if testing.Short() {
		seeds = min(seeds, 300)
	}
	if seeds > 1 && os.Getenv("PINCHWORK_SIM_CHILD") == "" {
		t.Log(children(t, "TestRandom", from, seeds))
		return
	}
	operations, calls := 0, 0
	for seed := from; seed < from+seeds && !t.Failed(); seed++ {
		s, g := settingOf(uint64(seed))
		o := in(t, s, g)
		operations += o.Operations
		calls += o.Calls
		tidy(seed)
		if len(o.Failures) > 0 {
			t.Errorf("%s", shrink(o, 300, func(actions []Action) *Outcome { return in(t, s, &retold{actions}) }).Story())
		}
	}
	fmt.Printf("%d seeds from %d: %d operations, %d calls of the store\n", seeds, from, operations, calls)
}

// operationsPerSeed is about how many operations a seed has.
const operationsPerSeed = 25

// children shares the seeds among processes of one processor each.
func children(t *testing.T, test string, from, seeds int) string {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var said strings.Builder
	share := (seeds + runtime.NumCPU() - 1) / runtime.NumCPU()
	for ; seeds > 0; from, seeds = from+share, seeds-share {
		cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.timeout", "0")
		cmd.Env = append(os.Environ(), "PINCHWORK_SIM_CHILD=1", "PINCHWORK_SIM_OPERATIONS=",
			fmt.Sprint("PINCHWORK_SIM_SEED=", from), fmt.Sprint("PINCHWORK_SIM_SEEDS=", min(share, seeds)))
		wait.Go(func() {
			out, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
				return
			}
			said.Write(out)
		})
	}
	wait.Wait()
	return said.String()
}

// A replica's background waits for several things at once, and of those that come
// together it is chance which it sees first: its runs are left out.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	for seed := range uint64(60) {
		s, g := settingOf(seed)
		if s.Running {
			continue
		}
		one := in(t, s, g)
		_, g = settingOf(seed)
		for name, two := range map[string]*Outcome{
			"in its second run": in(t, s, g), "when it is told again": in(t, s, &retold{one.Actions}),
		} {
			for i, line := range one.Trace {
				if i >= len(two.Trace) || line != two.Trace[i] {
					t.Fatalf("seed %d differs %s at line %d: %s", seed, name, i, line)
				}
			}
		}
	}
}
