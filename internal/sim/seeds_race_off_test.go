//go:build !race

package sim

// usualSeeds is how many seeds a run of the tests takes.
const usualSeeds = 10_000

// shuffles says that goroutines that can go on are put in a random order.
const shuffles = false
