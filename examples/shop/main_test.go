package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestExample(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), filepath.Join(t.TempDir(), "shop.db"), &out); err != nil {
		t.Fatal(err)
	}
	if want := "The shop has 80 credits left and posted 2 tasks.\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
