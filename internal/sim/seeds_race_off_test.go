//go:build !race

package sim

// usualSeeds is how many seeds a run of the tests takes.
const usualSeeds = 10_000
