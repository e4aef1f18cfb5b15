package serve

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads a duration that is not negative: what time.ParseDuration reads,
// and whole days before it, such as 30d or 1d12h.
func ParseDuration(v string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration such as 30d, 72h, 5m or 1500ms", v)
	days, rest, found := strings.Cut(v, "d")
	if !found {
		days, rest = "0", v
	}
	n, err := strconv.ParseUint(days, 10, 16) // 179 years: the rest cannot overflow
	if err != nil {
		return 0, bad
	}
	d := time.Duration(n) * day
	if rest != "" || !found {
		part, err := time.ParseDuration(rest)
		if err != nil || part < 0 || d+part < 0 {
			return 0, bad
		}
		d += part
	}
	return d, nil
}

func duration(name, help string, field func(*Settings) *time.Duration) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) (err error) {
		d, err := ParseDuration(v)
		if err == nil {
			*field(s) = d
		}
		return err
	}
	o.get = func(s *Settings) string { return short(*field(s)) }
	return o
}

// short leaves the zeros out of 72h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func seconds(name, help string, field func(*Settings) *time.Duration) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 300 {
			return fmt.Errorf("%q is not a whole number of seconds from 1 to 300", v)
		}
		*field(s) = time.Duration(n) * time.Second
		return nil
	}
	o.get = func(s *Settings) string { return strconv.Itoa(int(*field(s) / time.Second)) }
	return o
}
