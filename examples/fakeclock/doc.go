// Package fakeclock shows how a test suite runs a whole marketplace in memory,
// on a clock that it moves: see the test.
package fakeclock
