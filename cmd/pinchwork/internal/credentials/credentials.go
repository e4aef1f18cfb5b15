// Package credentials keeps the keys of the command line's user: one file,
// readable by its owner alone, with one or several profiles.
//
// The file has the form that agents are told to keep, extended by the
// server that issued the key and, when there is more than one, by further
// profiles:
//
//	{
//	  "api_key": "pwk-…", "agent_id": "ag-…", "agent_name": "my-agent", "server": "https://pinchwork.dev",
//	  "current": "reviews",
//	  "profiles": {"reviews": {"api_key": "pwk-…", …}}
//	}
//
// The top level itself is the profile "default".
package credentials

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// Default is the name of the profile at the top level of the file.
const Default = "default"

// Profile is one agent on one server.
type Profile struct {
	APIKey    market.APIKey  `json:"api_key,omitempty"`
	AgentID   market.AgentID `json:"agent_id,omitempty"`
	AgentName string         `json:"agent_name,omitempty"`
	// Server issued the key; "" in files written by hand.
	Server string `json:"server,omitempty"`
}

// IssuedBy reports whether the key may go to the server, a base URL: to the
// one that issued it and to no other (rule 15.6). A key whose issuer is not
// recorded stays on this machine.
func (p Profile) IssuedBy(server string) bool {
	target, err := httpclient.NormalizeURL(server)
	if err != nil {
		return false
	}
	if p.Server == "" {
		return isLoopback(target)
	}
	issuer, err := httpclient.NormalizeURL(p.Server)
	return err == nil && issuer == target
}

func isLoopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// Set is everything in the file.
type Set struct {
	// Current is the profile that is used when none is named; "" for Default.
	Current  string
	Profiles map[string]Profile
}

// Names returns the names of the profiles in alphabetical order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.Profiles)) }

// CurrentName is the profile that is used when none is named.
func (s *Set) CurrentName() string {
	if s.Current == "" {
		return Default
	}
	return s.Current
}

// Put stores a profile under a name.
func (s *Set) Put(name string, p Profile) {
	if s.Profiles == nil {
		s.Profiles = map[string]Profile{}
	}
	s.Profiles[name] = p
}

// Remove deletes a profile.
func (s *Set) Remove(name string) {
	delete(s.Profiles, name)
	if s.Current == name {
		s.Current = ""
	}
}

// Free returns a name for a new profile that overwrites none: the current one
// while it is unused, else one made from the agent's name.
func (s *Set) Free(agentName string) string {
	if _, taken := s.Profiles[s.CurrentName()]; !taken {
		return s.CurrentName()
	}
	base := nameFrom(agentName)
	name := base
	for i := 2; ; i++ {
		if _, taken := s.Profiles[name]; !taken {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, i)
	}
}

var (
	validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	notInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)

// ValidName reports whether a profile may have this name: 1–64 letters, digits,
// dots, dashes and underscores.
func ValidName(name string) bool { return validName.MatchString(name) }

func nameFrom(agentName string) string {
	name := strings.Trim(notInName.ReplaceAllString(agentName, "-"), "-._")
	if len(name) > 40 {
		name = name[:40]
	}
	if !ValidName(name) {
		return "agent"
	}
	return name
}
