package httpserver

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// values returns a query parameter's values; malformed queries are refused.
func (c *call) values(name string) ([]string, error) {
	if err := c.parseQuery(); err != nil {
		return nil, err
	}
	values := c.query[name]
	for _, value := range values {
		if !clean(value) {
			return nil, invalid(name, "must be valid UTF-8 without NUL characters")
		}
	}
	return values, nil
}

func (c *call) parseQuery() error {
	if c.query != nil {
		return nil
	}
	query, err := url.ParseQuery(c.request.URL.RawQuery)
	if err != nil {
		return refuse(market.CodeInvalid, "query: is malformed")
	}
	c.query = query
	return nil
}

// text returns a parameter that may be given once, "" when it is absent.
func (c *call) text(name string) (string, error) {
	values, err := c.values(name)
	switch {
	case err != nil || len(values) == 0:
		return "", err
	case len(values) > 1:
		return "", invalid(name, "is given more than once")
	}
	return values[0], nil
}

// integer returns a whole number, or nil when the parameter is absent.
func (c *call) integer(name string) (*int, error) {
	values, err := c.values(name)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	value, err := c.text(name)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return nil, invalid(name, "must be a whole number")
	}
	return &n, nil
}

// instant returns a point in time, zero when the parameter is absent.
func (c *call) instant(name string) (at market.Time, err error) {
	value, err := c.text(name)
	if err != nil || value == "" {
		return at, err
	}
	if err := at.UnmarshalText([]byte(value)); err != nil {
		return at, invalid(name, "must be an instant such as 2026-01-15T10:30:00Z (in an address a + is %%2B)")
	}
	return at, nil
}

// number returns a decimal number, 0 when the parameter is absent.
func (c *call) number(name string) (float64, error) {
	value, err := c.text(name)
	if err != nil || value == "" {
		return 0, err
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, invalid(name, "must be a number")
	}
	return n, nil
}

// list returns a parameter that is comma-separated, repeated, or both.
func (c *call) list(name string) ([]string, error) {
	values, err := c.values(name)
	var list []string
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list, err
}

// metadataParam stands for all parameters that begin with metadataPrefix: the rest of
// their names is a key.
const (
	metadataParam  = metadataPrefix + "KEY"
	metadataPrefix = "metadata."
)

// metadata returns the pairs of metadata.KEY=VALUE.
func (c *call) metadata() (map[string]string, error) {
	if err := c.parseQuery(); err != nil {
		return nil, err
	}
	var pairs map[string]string
	for _, name := range sortedNames(c.query) {
		key, is := strings.CutPrefix(name, metadataPrefix)
		if !is {
			continue
		}
		value, err := c.text(name)
		if err != nil {
			return nil, err
		}
		if pairs == nil {
			pairs = map[string]string{}
		}
		pairs[key] = value
	}
	return pairs, nil
}

// page returns limit and offset. To a market a limit of 0 means the default;
// here it is refused like any other number below 1.
func (c *call) page() (market.Page, error) {
	var p market.Page
	limit, err := c.integer("limit")
	if err != nil {
		return p, err
	}
	if limit != nil {
		if p.Limit = *limit; p.Limit == 0 {
			p.Limit = -1
		}
	}
	offset, err := c.integer("offset")
	if offset != nil {
		p.Offset = *offset
	}
	return p, err
}

// filter returns tags and search of the query, in place of those of the body
// where the query has them.
func (c *call) filter(of market.Filter) (market.Filter, error) {
	tags, err := c.list("tags")
	if err != nil {
		return of, err
	}
	if tags != nil {
		of.Tags = tags
	}
	search, err := c.text("search")
	if search != "" {
		of.Search = search
	}
	return of, err
}

// pickupFilter is filter for a pickup, which may wait.
func (c *call) pickupFilter(of market.Filter) (market.Filter, error) {
	of, err := c.filter(of)
	if err != nil {
		return of, err
	}
	seconds, err := c.integer("wait")
	if seconds != nil {
		of.Wait = wire.Seconds(int64(*seconds))
	}
	return of, err
}

// wait returns how long the caller wants to wait, 0 for not at all.
func (c *call) wait() (time.Duration, error) {
	n, err := c.integer("wait")
	if err != nil || n == nil {
		return 0, err
	}
	return wire.Seconds(int64(*n)), nil
}
