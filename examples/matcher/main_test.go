package main

import (
	"context"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

func TestExample(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "kim is matched") || strings.Count(s, ": true\n") != 1 || strings.Index(s, "true") > strings.Index(s, "lea") {
		t.Errorf("printed %q", s)
	}
}

// A text is embedded once, and again when it has changed.
func TestVectorsAreKept(t *testing.T) {
	var asked []string
	counted := func(ctx context.Context, text string) ([]float64, error) {
		asked = append(asked, text)
		return toy(ctx, text)
	}
	m, err := pinchwork.New(pinchwork.WithMatcher(&Matcher{Embed: counted, Near: 0.25, Sure: 0.5}))
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Register(t.Context(), market.RegisterInput{Name: "worker", GoodAt: "cooking"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Register(t.Context(), market.RegisterInput{Name: "poster"})
	if err != nil {
		t.Fatal(err)
	}
	post := func(embeddings int) {
		t.Helper()
		asked = nil
		if _, err := m.As(p.AgentID).Post(t.Context(), market.PostInput{Need: "cook", MaxCredits: 1}); err != nil {
			t.Fatal(err)
		}
		if len(asked) != embeddings {
			t.Errorf("embedded %q, want %d texts", asked, embeddings)
		}
	}
	post(2)
	post(1)
	if _, err := m.As(w.AgentID).UpdateMe(t.Context(), market.UpdateInput{GoodAt: market.Some("baking")}); err != nil {
		t.Fatal(err)
	}
	post(2)
}
