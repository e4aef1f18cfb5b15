package main

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

const defaultServer = "http://127.0.0.1:8000"

// session is the server and the agent that a command is about.
type session struct {
	// server is normalized; unchosen is that nobody has named one.
	server   string
	unchosen bool
	fromEnv  bool // named by PINCHWORK_SERVER
	// name is the profile's name, stored its content if it exists.
	name    string
	stored  credentials.Profile
	exists  bool
	named   bool // by flag or environment
	key     market.APIKey
	keyFrom string         // in words
	agentID market.AgentID // where it is known without asking
}

func (a *app) credentials() (credentials.File, error) {
	dir, err := credentials.Dir(a.getenv)
	if err != nil {
		return credentials.File{}, usageError{err}
	}
	return credentials.File{Path: filepath.Join(dir, "credentials.json")}, nil
}

// session resolves the profile and the server, without a key.
func (a *app) session() (session, error) {
	set, err := a.profiles()
	if err != nil {
		return session{}, err
	}
	s := session{name: first(a.profile, a.getenv("PINCHWORK_PROFILE"))}
	if s.named = s.name != ""; s.named && !credentials.ValidName(s.name) {
		return session{}, usagef("a profile name has 1–64 letters, digits, dots, dashes and underscores")
	}
	s.name = first(s.name, set.CurrentName())
	s.stored, s.exists = set.Profiles[s.name]
	address := first(a.server, a.getenv("PINCHWORK_SERVER"), s.stored.Server)
	s.unchosen, s.fromEnv = address == "", a.server == "" && a.getenv("PINCHWORK_SERVER") != ""
	address = first(address, defaultServer)
	if s.server, err = httpclient.NormalizeURL(address); err != nil {
		if _, wrong := httpclient.NormalizeURL("http://" + address); wrong == nil && !strings.Contains(address, "://") {
			err = fmt.Errorf("%w; did you mean http://%s?", err, address)
		}
		return session{}, usageError{err}
	}
	return s, nil
}

// profiles reads the stored profiles. A user without a home folder has none,
// but may have a key in the environment.
func (a *app) profiles() (credentials.Set, error) {
	file, err := a.credentials()
	if err != nil {
		return credentials.Set{}, nil
	}
	set, err := file.Load()
	if err != nil {
		return set, usageError{err}
	}
	if file.Exposed() && !a.warned {
		a.warned = true
		a.note("warning: others can read %s; run: chmod 600 %s", file.Path, file.Path)
	}
	return set, nil
}

// authenticated resolves the key too: the flag's; or the named profile's; or
// the environment's; or the current profile's. A stored key goes only to the
// server that issued it (rule 15.6).
func (a *app) authenticated() (session, error) {
	s, err := a.session()
	if err != nil {
		return session{}, err
	}
	if a.key != "" && a.profile != "" {
		return session{}, usagef("give --key or --profile, not both: a profile has a key of its own")
	}
	fromEnv := market.APIKey(a.getenv("PINCHWORK_API_KEY"))
	switch {
	case a.key != "":
		s.key, s.keyFrom = market.APIKey(a.key), "--key"
	case a.profile == "" && fromEnv != "":
		if !a.environmentServes(s.server) {
			return session{}, setupf("PINCHWORK_API_KEY is for PINCHWORK_SERVER and goes nowhere else; give --key for %s", s.server)
		}
		s.key, s.keyFrom = fromEnv, "PINCHWORK_API_KEY"
	case s.named && !s.exists:
		return session{}, setupf("there is no profile %q; see: pinchwork profiles", s.name)
	case !s.exists:
		return session{}, a.keyless(s.server)
	case !s.stored.IssuedBy(s.server):
		return session{}, setupf("the key of profile %q was issued by %s and goes nowhere else; give --key for %s",
			s.name, first(s.stored.Server, "a server on this machine"), s.server)
	default:
		s.key, s.agentID, s.keyFrom = s.stored.APIKey, s.stored.AgentID, "profile "+s.name
	}
	return s, nil
}

// keyless says what to do where no key was chosen.
func (a *app) keyless(server string) error {
	if names := a.profileNames(); len(names) > 0 {
		return setupf("no profile is chosen; stored are %s: give --profile NAME, or choose one for good with: pinchwork profiles use %s",
			strings.Join(names, ", "), names[0])
	}
	return setupf("no key for %s: run pinchwork register or pinchwork login, or give --key", server)
}

// environmentServes reports whether keys from the environment may go to the
// server: not if a flag names another server than the environment does.
func (a *app) environmentServes(server string) bool {
	own := a.getenv("PINCHWORK_SERVER")
	if own == "" || a.server == "" {
		return true
	}
	normal, err := httpclient.NormalizeURL(own)
	return err == nil && normal == server
}

// client returns the client of the agent that the command is for.
func (a *app) client() (*httpclient.Client, error) {
	s, err := a.authenticated()
	if err != nil {
		return nil, err
	}
	return a.connect(s)
}

// public returns a client that sends no key.
func (a *app) public() (*httpclient.Client, error) {
	s, err := a.session()
	if err != nil {
		return nil, err
	}
	a.unasked(s)
	return a.connect(s)
}

// unasked says which server is asked where there are profiles and none is chosen.
func (a *app) unasked(s session) {
	if names := a.profileNames(); s.unchosen && len(names) > 0 && a.people() {
		a.note("no profile is chosen, so %s is asked; for another give --server, or --profile: %s", s.server, strings.Join(names, ", "))
	}
}

func (a *app) connect(s session, more ...httpclient.Option) (*httpclient.Client, error) {
	a.used = s
	options := append([]httpclient.Option{httpclient.WithAgentID(s.agentID), userAgent(), a.watched(), a.listening()}, more...)
	c, err := httpclient.New(s.server, s.key, options...)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// listening is an option for clients whose answers programs get as they come.
func (a *app) listening() httpclient.Option {
	if !a.asJSON() {
		return httpclient.WithHTTPClient(nil)
	}
	a.heard = newVerbatim()
	return httpclient.WithHTTPClient(&http.Client{Transport: a.heard})
}

func userAgent() httpclient.Option {
	return httpclient.WithUserAgent("pinchwork-cli/" + buildVersion())
}

// warnOfPlainHTTP warns when a key is about to cross a network unencrypted.
func (a *app) warnOfPlainHTTP(server string) {
	u, err := url.Parse(server)
	if err == nil && u.Scheme == "http" && !(credentials.Profile{}).IssuedBy(server) {
		a.note("warning: %s is not encrypted, others on the network can read the key", server)
	}
}

func (a *app) profileNames() []string {
	set, err := a.profiles()
	if err != nil {
		return nil
	}
	return set.Names()
}

// first returns the first value that is not the zero value.
func first[T comparable](values ...T) T {
	var none T
	for _, v := range values {
		if v != none {
			return v
		}
	}
	return none
}
