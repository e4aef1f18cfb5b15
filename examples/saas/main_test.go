package main

import (
	"strings"
	"testing"
)

func TestExample(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), ": true\n") != 2 {
		t.Errorf("printed %q", out.String())
	}
}
