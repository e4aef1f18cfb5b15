// Package sample is mutated by the tests of the command.
package sample

import "time"

const most = 3

// Bounded is n, at most 3 and at least 0, and whether it is kept.
func Bounded(n int64) (int64, bool) {
	if n > most {
		n = most
	}
	return max(n, 0), n >= 0 && n != 2
}

// Untested is what no test asks for.
func Untested(at time.Time) time.Time {
	at = at.Add(time.Hour)
	return at
}
