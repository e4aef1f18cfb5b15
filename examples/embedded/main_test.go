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
	if want := "Review this code: Looks good.. The worker has 127 credits and a reputation of 5.0.\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
