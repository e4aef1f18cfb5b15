package main

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestExample(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), canned, &out); err != nil {
		t.Fatal(err)
	}
	if want := "Post a task.\nPick it up.\nDeliver it.\nApprove it.\nRate each other.\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

// A model that fails for a planner ends the job, and nothing stays behind.
func TestAModelThatFails(t *testing.T) {
	broken := errors.New("no answer")
	fails := func(context.Context, string, string) (string, error) { return "", broken }
	if err := run(t.Context(), fails, new(strings.Builder)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
