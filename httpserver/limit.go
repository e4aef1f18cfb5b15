package httpserver

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Class is a kind of request with a rate limit of its own (rule 14.4).
type Class string

// The classes. A route without a class is not limited.
const (
	ClassRegister Class = "register" // by client address
	ClassCreate   Class = "create"
	ClassPickup   Class = "pickup"
	ClassDeliver  Class = "deliver"
	// ClassRead covers every other call of an agent, public reads by client
	// address, and, counted apart, keys that nobody has, by client address.
	ClassRead Class = "read"
	// ClassAdmin covers the operator's calls, all together; wrong admin keys are
	// counted apart, by client address, so that guessing cannot lock out the operator.
	ClassAdmin Class = "admin"
)

// Limit allows Count requests in each Per, as a bucket that holds Count and
// refills evenly. The zero Limit stands for the default of its class, Unlimited
// for none.
type Limit struct {
	Count int
	Per   time.Duration
}

// Unlimited switches a limit off.
var Unlimited = Limit{Count: -1}

// Limits holds the limit of each class.
type Limits struct {
	Register, Create, Pickup, Deliver, Read, Admin Limit
}

// DefaultLimits returns the limits of rule 14.4: register 5/h, create 30/m,
// pickup 60/m, deliver 30/m, read 120/m, admin 30/m.
func DefaultLimits() Limits {
	return Limits{
		Register: Limit{5, time.Hour},
		Create:   Limit{30, time.Minute},
		Pickup:   Limit{60, time.Minute},
		Deliver:  Limit{30, time.Minute},
		Read:     Limit{120, time.Minute},
		Admin:    Limit{30, time.Minute},
	}
}

// NoLimits switches all limits off.
func NoLimits() Limits {
	return Limits{Unlimited, Unlimited, Unlimited, Unlimited, Unlimited, Unlimited}
}

var limitUnits = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour,
}

// ParseLimit reads a limit as the command line takes it: a count, a slash and
// a unit (s, m, h, d) or a duration, such as "5/h" or "100/15m", or "off".
// The count is 1 to 1,000,000, the duration at most 24h.
func ParseLimit(s string) (Limit, error) {
	if s == "off" {
		return Unlimited, nil
	}
	count, per, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	if err != nil {
		return Limit{}, badLimit(s)
	}
	d, known := limitUnits[per]
	if !known {
		if d, err = time.ParseDuration(per); err != nil {
			return Limit{}, badLimit(s)
		}
	}
	l := Limit{n, d}
	if !l.valid() {
		return Limit{}, badLimit(s)
	}
	return l, nil
}

func badLimit(s string) error {
	return fmt.Errorf(`%q is not a rate limit: write a count from 1 to 1000000 and a time up to 24h, like "5/h" or "100/15m", or "off"`, s)
}

// String returns the form that ParseLimit reads, or "default" for the zero Limit.
func (l Limit) String() string {
	switch l {
	case Limit{}:
		return "default"
	case Unlimited:
		return "off"
	}
	for _, unit := range []string{"s", "m", "h", "d"} {
		if limitUnits[unit] == l.Per {
			return fmt.Sprintf("%d/%s", l.Count, unit)
		}
	}
	return fmt.Sprintf("%d/%s", l.Count, l.Per)
}

// MarshalText is String, so that flag.TextVar and encoders can use a Limit.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is ParseLimit.
func (l *Limit) UnmarshalText(text []byte) error {
	parsed, err := ParseLimit(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

const maxLimitCount = 1_000_000

func (l Limit) valid() bool {
	return l == Unlimited ||
		l.Count >= 1 && l.Count <= maxLimitCount &&
			l.Per > 0 && l.Per <= 24*time.Hour && l.Per >= time.Duration(l.Count)
}

// charge takes one from the bucket of the class; nil when it is unlimited.
func (l Limit) charge(class Class) *market.Charge {
	if l == Unlimited {
		return nil
	}
	return &market.Charge{Bucket: string(class), Every: l.Per / time.Duration(l.Count), Burst: l.Count}
}

// byClass fills in the defaults.
func (l Limits) byClass() (map[Class]Limit, error) {
	given := map[Class]Limit{
		ClassRegister: l.Register, ClassCreate: l.Create, ClassPickup: l.Pickup,
		ClassDeliver: l.Deliver, ClassRead: l.Read, ClassAdmin: l.Admin,
	}
	d := DefaultLimits()
	defaults := map[Class]Limit{
		ClassRegister: d.Register, ClassCreate: d.Create, ClassPickup: d.Pickup,
		ClassDeliver: d.Deliver, ClassRead: d.Read, ClassAdmin: d.Admin,
	}
	for class, limit := range given {
		if limit == (Limit{}) {
			given[class] = defaults[class]
		} else if !limit.valid() {
			return nil, fmt.Errorf("the %s limit of %d per %v makes no sense", class, limit.Count, limit.Per)
		}
	}
	return given, nil
}

// seconds rounds up: a client that waits that long waits long enough.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
