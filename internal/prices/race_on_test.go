//go:build race

package prices

// slower is by how much the race detector may multiply processor time.
const slower = 20
