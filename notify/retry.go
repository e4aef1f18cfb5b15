package notify

import (
	"math/rand/v2"
	"time"
)

const (
	retryBase = time.Second
	retryMax  = 5 * time.Minute
)

// retryDelay returns how long to wait after a failed attempt, the first being
// 1: 1 s, 2 s, 4 s, … up to 5 minutes, each a quarter longer or shorter at
// random, so that the deliveries that failed together do not come back together.
func retryDelay(attempt int) time.Duration {
	d := retryMax
	if shift := attempt - 1; shift < 9 {
		d = min(retryBase<<shift, retryMax)
	}
	return d*3/4 + rand.N(d/2+1)
}
