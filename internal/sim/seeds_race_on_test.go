//go:build race

package sim

// usualSeeds is how many seeds a run of the tests takes: fewer with the race
// detector, since all of them are run without it as well.
const usualSeeds = 200

// shuffles says that goroutines that can go on are put in a random order.
const shuffles = true
