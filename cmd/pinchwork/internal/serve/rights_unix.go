//go:build !windows

package serve

// checksRights says whether the mode of a file tells who can read it.
const checksRights = true
