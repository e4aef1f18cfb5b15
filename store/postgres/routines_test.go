package postgres_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/store/postgres"
)

var update = flag.Bool("update", false, "write the hash of the routines into "+pinFile)

const pinFile = "testdata/routines.txt"

// pin is a revision of the routines and the hash of its text. Of one that was
// released there are programs in the world which know it by this number.
type pin struct {
	revision int
	hash     string
	released bool
}

func (p pin) String() string {
	line := fmt.Sprintf("%d %s", p.revision, p.hash)
	if p.released {
		line += " released"
	}
	return line
}

// recorded finds what the routines' last statement records of themselves.
var recorded = regexp.MustCompile(`values \((\d+), '([0-9a-f]{64})', transaction_timestamp\(\)\)`)

// By its revision a program knows whether the schema's routines are older than its
// own or newer. Two texts under one number would take turns: each replica that
// starts would put its own in the place of the other's.
func TestARevisionOfTheRoutinesHasOneText(t *testing.T) {
	found := recorded.FindStringSubmatch(postgres.Routines())
	if found == nil {
		t.Fatal("the routines do not record what they are")
	}
	revision, _ := strconv.Atoi(found[1])
	now := pin{revision: revision, hash: found[2]}
	pins := readPins(t)
	if *update {
		writePins(t, repinned(pins, now))
		pins = readPins(t)
	}
	for i, p := range pins {
		if p.revision != i+1 {
			t.Errorf("row %d of %s is of revision %d: it has one row for each, from 1 on", i+1, pinFile, p.revision)
		}
	}
	last := pins[len(pins)-1]
	if last.revision == now.revision && last.hash == now.hash {
		return
	}
	advice := "run `make generate`"
	if last.released && last.revision >= now.revision {
		advice = fmt.Sprintf("set routinesRevision to %d in routines.go, then run `make generate`", last.revision+1)
	}
	t.Errorf("the routines are revision %d with hash %s, %s ends with %q: %s", now.revision, now.hash, pinFile, last, advice)
}

// repinned are the pins with the present one as the newest. It never touches one
// that was released.
func repinned(pins []pin, now pin) []pin {
	last := pins[len(pins)-1]
	switch {
	case now.revision == last.revision && !last.released:
		return append(slices.Clone(pins[:len(pins)-1]), now)
	case now.revision == last.revision+1:
		return append(slices.Clone(pins), now)
	}
	return pins
}

func TestAReleasedRevisionIsNeverPinnedAnew(t *testing.T) {
	first, draft := pin{1, "a", true}, pin{2, "b", false}
	for name, c := range map[string]struct {
		pins []pin
		now  pin
		want []pin
	}{
		"another text of a released one": {[]pin{first}, pin{1, "x", false}, []pin{first}},
		"the next after a released one":  {[]pin{first}, draft, []pin{first, draft}},
		"another text of a draft":        {[]pin{first, draft}, pin{2, "c", false}, []pin{first, {2, "c", false}}},
		"a number left out":              {[]pin{first}, pin{3, "c", false}, []pin{first}},
		"an older one":                   {[]pin{first, draft}, pin{1, "a", false}, []pin{first, draft}},
	} {
		if got := repinned(c.pins, c.now); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func readPins(t *testing.T) (pins []pin) {
	t.Helper()
	text, err := os.ReadFile(pinFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 2 || len(fields) > 3 || len(fields) == 3 && fields[2] != "released" {
			t.Fatalf("%s: %q is no pin", pinFile, line)
		}
		revision, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatalf("%s: %v", pinFile, err)
		}
		pins = append(pins, pin{revision, fields[1], len(fields) == 3})
	}
	if len(pins) == 0 {
		t.Fatalf("%s is empty", pinFile)
	}
	return pins
}

const pinHeader = `# Revisions of the routines (routinesRevision) and the SHA-256 of their text. The
# newest is written by "make generate". Mark it "released" in the commit of a release:
# from then on a change of the text needs the next revision.
`

func writePins(t *testing.T, pins []pin) {
	t.Helper()
	text := pinHeader
	for _, p := range pins {
		text += p.String() + "\n"
	}
	if err := os.WriteFile(pinFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
