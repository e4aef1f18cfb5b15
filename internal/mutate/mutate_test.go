package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sample = "testdata/sample"

// Every mutant is named, tried, and found out unless no test asks for what it changes.
func TestSurvivorsAreWhatNoTestNotices(t *testing.T) {
	pkg, err := load(sample)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := build(sample, t.TempDir(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	if out, ok := passes(sample, binary, 0); !ok {
		t.Fatalf("without a mutant: %s", out)
	}
	want := []string{
		"Bounded > becomes >=: n > most",
		"Untested leave out: at = at.Add(time.Hour)",
		"Untested none: at",
		"Untested one more: time.Hour",
	}
	if got := names(survivors(sample, binary, pkg.mutants)); !slices.Equal(got, want) {
		t.Errorf("alive are\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, name := range []string{
		"Bounded && becomes ||: n >= 0 && n != 2", "Bounded leave out: n = most", "Bounded negate: n != 2",
		"Bounded negate: n >= 0", "Bounded >= becomes >: n >= 0", "Bounded one more: most", "Bounded one more: 0",
	} {
		if !slices.Contains(names(pkg.mutants), name) {
			t.Errorf("there is no mutant %q", name)
		}
	}
}

func names(mutants []mutant) (names []string) {
	for _, m := range mutants {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return names
}

// A survivor needs a reason, a reason a survivor, and 95 of 100 have to die.
func TestJudge(t *testing.T) {
	mutants := make([]mutant, 100)
	for i := range mutants {
		mutants[i].name = string(rune('a' + i))
	}
	reasons := map[string]bool{"a": true, "b": true, "c": true, "d": true, "e": true}
	for name, c := range map[string]struct {
		alive []mutant
		known map[string]bool
		wrong string
	}{
		"all explained":      {mutants[:5], reasons, ""},
		"none alive":         {nil, nil, ""},
		"one unexplained":    {mutants[:5], map[string]bool{"a": true, "b": true, "c": true, "d": true}, "1 survivors without a reason"},
		"one that dies":      {mutants[:4], reasons, "1 reasons without a survivor"},
		"one alive too many": {mutants[:6], map[string]bool{"a": true, "b": true, "c": true, "d": true, "e": true, "f": true}, "94.0 % killed"},
	} {
		err := judge(mutants, c.alive, c.known)
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReasonHasToStandBehindEachSurvivor(t *testing.T) {
	known, err := explained(filepath.Join(sample, "testdata", "survivors.txt"))
	if err != nil || len(known) != 1 || !known["Bounded > becomes >=: n > most"] {
		t.Errorf("%v, %v", known, err)
	}
	if known, err := explained(filepath.Join(t.TempDir(), "none.txt")); err != nil || len(known) != 0 {
		t.Errorf("without a file: %v, %v", known, err)
	}
	file := filepath.Join(t.TempDir(), "survivors.txt")
	if err := os.WriteFile(file, []byte("f negate: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := explained(file); err == nil {
		t.Error("a survivor without a reason is explained")
	}
}
