// Command mutate asks how good the tests of a package are: it changes the package in one
// place after another, hundreds of times, and wants a test to fail each time.
//
//	go run ./internal/mutate ./market/internal/rules
//
// All changes are compiled into one test binary, behind a number that its environment
// chooses, so that trying one takes as long as the tests take and no compiler runs in
// between. What no test noticed is a survivor. Each has to stand, with the reason why it
// may live, in testdata/survivors.txt of the package; the command fails at any other, at
// one that stands there and dies, and below 95 of 100 killed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// leastKilled is the part of all changes that tests have to notice, in percent.
	leastKilled = 95
	// workers run tests at the same time.
	workers = 2
	// timeout ends the tests of a change that made them endless, which counts as noticed.
	timeout = 20 * time.Second
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mutate ./PACKAGE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	pkg, err := load(dir)
	if err != nil {
		return err
	}
	binary, err := build(dir, work, pkg)
	if err != nil {
		return err
	}
	if out, ok := passes(dir, binary, 0); !ok {
		return fmt.Errorf("the tests fail without a change:\n%s", out)
	}
	known, err := explained(filepath.Join(dir, "testdata", "survivors.txt"))
	if err != nil {
		return err
	}
	return judge(pkg.mutants, survivors(dir, binary, pkg.mutants), known)
}

// survivors tries all mutants and returns those that no test noticed.
func survivors(dir, binary string, mutants []mutant) []mutant {
	lives := make([]bool, len(mutants))
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				_, lives[i] = passes(dir, binary, mutants[i].id)
			}
		})
	}
	for i := range mutants {
		next <- i
	}
	close(next)
	all.Wait()
	var alive []mutant
	for i, m := range mutants {
		if lives[i] {
			alive = append(alive, m)
		}
	}
	return alive
}

// passes runs the tests with one mutant, 0 for none.
func passes(dir, binary string, id int) (output string, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.failfast")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(id))
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// explained reads the survivors that may live: one a line, the reason behind a tab.
func explained(file string) (map[string]bool, error) {
	data, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, why, _ := strings.Cut(line, "\t")
		if strings.TrimSpace(why) == "" {
			return nil, fmt.Errorf("%s: no reason stands behind %q", file, name)
		}
		known[name] = true
	}
	return known, nil
}

// judge prints what lived and what share died, and fails at what is not explained.
func judge(mutants, alive []mutant, known map[string]bool) error {
	unexplained, found := 0, map[string]bool{}
	for _, m := range alive {
		mark := "explained"
		if found[m.name] = true; !known[m.name] {
			mark, unexplained = "LIVES", unexplained+1
		}
		fmt.Printf("%-9s %s\t%s\n", mark, m.name, m.at)
	}
	killed := len(mutants) - len(alive)
	share := 100 * float64(killed) / float64(len(mutants))
	fmt.Printf("%d of %d mutants killed: %.1f %%\n", killed, len(mutants), share)
	dead := 0
	for name := range known {
		if !found[name] {
			fmt.Printf("DIES      %s\n", name)
			dead++
		}
	}
	if unexplained > 0 || dead > 0 || share < leastKilled {
		return fmt.Errorf("%d survivors without a reason, %d reasons without a survivor, %.1f %% killed of %d %% at least", unexplained, dead, share, leastKilled)
	}
	return nil
}
