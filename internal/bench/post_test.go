package main

import (
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// BenchmarkPostMatched posts to 100,000 agents, with built-in matching.
func BenchmarkPostMatched(b *testing.B) {
	w, err := newWorld(b.Context(), small, 100_000)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.Agents(b.Context(), market.AgentQuery{}); err != nil {
		b.Fatal(err)
	}
	ins := make([]market.PostInput, 512)
	for i := range ins {
		ins[i] = market.PostInput{Need: w.words(wordsEach), Tags: w.someTags(3), MaxCredits: 1}
	}
	i := 0
	for b.Loop() {
		// Everybody has a hundred credits.
		if _, err := w.As(agentID(i%100_000)).Post(b.Context(), ins[i%len(ins)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
