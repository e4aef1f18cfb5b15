//go:build race

package sim

// usualSeeds is how many seeds a run of the tests takes: fewer with the race
// detector, since all of them are run without it as well.
const usualSeeds = 200
