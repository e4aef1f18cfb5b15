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
	if want := "extract_capabilities: paid 2\nmatch_agents: paid 3\nverify_completion: paid 5\nverified: true\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
