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
	if want := "posted then cancelled\nposted then cancelled\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
