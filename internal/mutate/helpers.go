package main

// helpers stand beside the mutated package. Each does what stood in the code, and what
// its mutant does when that is the chosen one.
const helpers = `
import (
	"cmp"
	"os"
	"strconv"
	"time"
)

var chosenMutant, _ = strconv.Atoi(os.Getenv("MUTANT"))

type mutantDuration = time.Duration

type mutantNumber interface {
	~int | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~float64
}

func isMutant(id int) bool { return id == chosenMutant }

func mutantAnd(id int, a bool, b func() bool) bool {
	if isMutant(id) {
		return a || b()
	}
	return a && b()
}

func mutantOr(id int, a bool, b func() bool) bool {
	if isMutant(id) {
		return a && b()
	}
	return a || b()
}

func mutantOf[T any](id int, is, mutant T) T {
	if isMutant(id) {
		return mutant
	}
	return is
}

func mutantNone[T any](id int, is T) T {
	var zero T
	return mutantOf(id, is, zero)
}

func mutantCompared(id int, is, boundary bool) bool {
	if isMutant(id + 1) {
		return boundary
	}
	return is != isMutant(id)
}

func mutantLess[T cmp.Ordered](id int, a, b T) bool    { return mutantCompared(id, a < b, a <= b) }
func mutantAtMost[T cmp.Ordered](id int, a, b T) bool  { return mutantCompared(id, a <= b, a < b) }
func mutantMore[T cmp.Ordered](id int, a, b T) bool    { return mutantCompared(id, a > b, a >= b) }
func mutantAtLeast[T cmp.Ordered](id int, a, b T) bool { return mutantCompared(id, a >= b, a > b) }

func mutantOneMore[T mutantNumber](id int, n T) T { return mutantOf(id, n, n+1) }
func mutantPlus[T mutantNumber](id int, a, b T) T  { return mutantOf(id, a+b, a-b) }
func mutantMinus[T mutantNumber](id int, a, b T) T { return mutantOf(id, a-b, a+b) }

func mutantTimes[T mutantNumber](id int, a, b T) T {
	if isMutant(id) {
		return a / b
	}
	return a * b
}

func mutantOver[T mutantNumber](id int, a, b T) T {
	if isMutant(id) {
		return a * b
	}
	return a / b
}
`
