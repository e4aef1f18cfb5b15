package redis

import (
	"strconv"
	"time"
)

// instant is a time in a stored document: microseconds since the zero time, so
// that the zero time is 0 and left out.
type instant int64

// yearOne is the zero time in microseconds of the Unix epoch.
const yearOne = -62135596800000000

func toInstant(t time.Time) instant { return instant(t.UnixMicro() - yearOne) }

func (i instant) time() time.Time { return time.UnixMicro(int64(i) + yearOne).UTC() }

// micros is a time in scores, arguments and the heads of values, where scripts
// compare it: microseconds of the Unix epoch, exact in a double until 2255.
func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

func fromMicros(s string) time.Time {
	n, _ := strconv.ParseInt(s, 10, 64)
	return time.UnixMicro(n).UTC()
}
