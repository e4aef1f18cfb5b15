package pgtest

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// MainWithExamples is Main for a package whose examples use ExampleURL. An
// example cannot skip itself: without the programs, all are left out.
func MainWithExamples(m *testing.M) int {
	if _, err := programs(); err != nil && !required() {
		flag.Parse()
		fmt.Fprintf(os.Stderr, "EXAMPLES NOT RUN ON POSTGRES: %v\n", err)
		if err := flag.Set("test.skip", leftOut(flag.Lookup("test.skip").Value.String())); err != nil {
			panic(err)
		}
	}
	return Main(m)
}

func leftOut(skip string) string {
	if skip == "" {
		return "^Example"
	}
	return skip + "|^Example"
}

// ExampleURL returns the URL of a new, empty database on the server that all
// tests of the binary share.
func ExampleURL() string {
	url, err := newSharedDatabase()
	if err != nil {
		panic(err)
	}
	return url
}
