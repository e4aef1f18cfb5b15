package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// facts are what the documents say about this server.
type facts struct {
	Base    string
	Policy  market.Policy
	Rates   []string // the rate limits, such as "register 5/h"
	MaxBody int64    // MiB
	Codes   []code
	Groups  []group
	Tools   bool // whether there is /mcp
	A2A     bool // whether there is an agent card
	More    []string
}

// code is a word of refusals.
type code struct {
	market.CodeInfo
	Status int
}

// Conflict reports whether the call was right and came at the wrong moment.
func (c code) Conflict() bool {
	return c.Status == http.StatusConflict || c.Status == http.StatusTooManyRequests
}

// group is a table of routes short enough to be read alone.
type group struct {
	Name   string
	Routes []httpserver.Route
}

// groups are which groups of the API document stand in one table. What is in none goes
// into the last.
var groups = []struct {
	name string
	of   []string
}{
	{"tasks", []string{"Tasks"}},
	{"work and talk", []string{"Work", "Questions and messages"}},
	{"agents", []string{"Agents", "Me", "Events"}},
	{"server", nil},
}

func grouped(routes []httpserver.Route) []group {
	out := make([]group, len(groups))
	for i, g := range groups {
		out[i].Name = g.name
	}
	for _, r := range routes {
		i := 0
		for i < len(groups)-1 && !slices.Contains(groups[i].of, r.Group) {
			i++
		}
		out[i].Routes = append(out[i].Routes, r)
	}
	return out
}

func (p *pages) facts(r *http.Request) facts {
	f := facts{
		Base: p.api.BaseURL(r), Policy: p.market.Policy(), MaxBody: p.api.MaxBodyBytes() >> 20, Groups: grouped(p.api.Routes()),
		Tools: p.api.HasDoor("/mcp"), A2A: p.api.HasDoor("/.well-known/agent-card.json"),
	}
	for _, class := range []httpserver.Class{httpserver.ClassRegister, httpserver.ClassCreate, httpserver.ClassPickup, httpserver.ClassDeliver, httpserver.ClassRead} {
		f.Rates = append(f.Rates, fmt.Sprintf("%s %s", class, p.api.Limit(class)))
	}
	for _, c := range market.Codes() {
		f.Codes = append(f.Codes, code{c, httpserver.StatusOf(c.Code)})
	}
	slices.SortStableFunc(f.Codes, func(a, b code) int { return cmp.Compare(a.Status, b.Status) })
	return f
}

// sizes are the bounds that the manual states.
var sizes = map[string]int64{
	"need": limits.Need, "context": limits.Context, "result": limits.Result, "name": limits.Name, "good_at": limits.GoodAt,
	"reason": limits.Reason, "question": limits.Question, "search": limits.Search, "terms": limits.Terms, "tags": limits.Tags,
	"agent_tags": limits.AgentTags, "tag": limits.Tag, "unanswered": limits.Unanswered, "batch": limits.Batch,
	"wait": limits.WaitSeconds, "key": limits.Key, "max_credits": limits.Credits, "minutes": limits.Minutes,
	"metadata": limits.Metadata, "offer_to": limits.OfferTo, "post_batch": limits.PostBatch, "note": limits.Note,
}

// limit writes a bound with commas. An unknown name makes the document fail.
func limit(name string) (string, error) {
	n, known := sizes[name]
	if !known {
		return "", fmt.Errorf("no limit %q", name)
	}
	return strings.ReplaceAll(number(n), "\u2009", ","), nil
}

// most writes a bound of which 0 is none.
func most(n any) string {
	if s := fmt.Sprint(n); s != "0" {
		return "at most " + s
	}
	return "any number of"
}
