// Package weburl says which URLs may be webhooks (rule 2.3). It is the first of
// two gates: what it lets pass is checked again by the dialer of package
// notify, after the host has been resolved and on every attempt, because a name
// can resolve to anything at any time.
package weburl

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"code.dny.dev/ssrf"
)

// MaxLength bounds a URL, in characters.
const MaxLength = 2_000

// The reasons for which Check refuses, in words for the agent that sent the
// URL.
var (
	errLength    = errors.New("must be at most 2000 characters")
	errMalformed = errors.New("is not a valid URL")
	errScheme    = errors.New("must be an https URL")
	errSchemes   = errors.New("must be an https or http URL")
	errUser      = errors.New("must not contain a user name or password")
	errFragment  = errors.New("must not contain a fragment")
	errHost      = errors.New("must name a valid host")
	errASCII     = errors.New("must write an international host name in its xn-- form")
	errPublic    = errors.New("must name a public host")
	errPort      = errors.New("must name a valid port")
)

// Check returns nil when raw may be a webhook: an https URL with a public host,
// no user, no fragment, at most MaxLength characters. With allowPrivate also http
// and any host. The error may be shown to users and continues a sentence that
// begins with the name of the field.
func Check(raw string, allowPrivate bool) error {
	u, err := parse(raw)
	if err != nil {
		return err
	}
	found := append(problems{}, checkScheme(u.Scheme, allowPrivate)...)
	if u.User != nil {
		found = append(found, errUser)
	}
	if strings.Contains(raw, "#") {
		found = append(found, errFragment)
	}
	if err := checkAuthority(u); err != nil {
		found = append(found, err)
	} else if !allowPrivate {
		found = append(found, checkPublic(u)...)
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

// problems lists everything that is wrong with a URL, so that nobody has to fix
// it one refusal at a time.
type problems []error

func (p problems) Error() string {
	var text strings.Builder
	for i, err := range p {
		switch {
		case i == 0:
		case i == len(p)-1:
			text.WriteString(" and ")
		default:
			text.WriteString(", ")
		}
		text.WriteString(err.Error())
	}
	return text.String()
}

// Unwrap is for errors.Is.
func (p problems) Unwrap() []error { return p }

func checkScheme(scheme string, allowPrivate bool) problems {
	switch {
	case allowPrivate && scheme != "https" && scheme != "http":
		return problems{errSchemes}
	case !allowPrivate && scheme != "https":
		return problems{errScheme}
	}
	return nil
}

func parse(raw string) (*url.URL, error) {
	if utf8.RuneCountInString(raw) > MaxLength {
		return nil, errLength
	}
	if !utf8.ValidString(raw) || strings.ContainsFunc(raw, forbidden) {
		return nil, errMalformed
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return nil, errMalformed
	}
	return u, nil
}

// forbidden are characters that parsers of URLs disagree about.
func forbidden(r rune) bool { return r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) }

// checkAuthority checks the host and the port of every webhook, private or not.
func checkAuthority(u *url.URL) error {
	switch {
	case u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || strings.Contains(u.Host, "%"):
		return errHost
	case !validPort(u.Port()):
		return errPort
	}
	return nil
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func checkPublic(u *url.URL) (found problems) {
	check, host := checkName, strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if strings.HasPrefix(u.Host, "[") {
		check, host = checkLiteral, u.Hostname()
	}
	if err := check(host); err != nil {
		found = append(found, err)
	}
	return found
}

// azurePlatform is a public address at which, inside Azure, the host's platform
// answers. No registry of special addresses lists it.
var azurePlatform = netip.MustParsePrefix("168.63.129.16/32")

var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azurePlatform))

// checkLiteral accepts addresses in their one canonical form alone. Mapped,
// NAT64 and 6to4 forms are special prefixes, and refused as such.
func checkLiteral(host string) error {
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return errHost
	}
	if guard.SafeAddr(ip) != nil {
		return errPublic
	}
	return nil
}

const maxName, maxLabel = 253, 63

func checkName(host string) error {
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return errASCII
	}
	labels := strings.Split(host, ".")
	if len(host) > maxName || !validLabels(labels) {
		return errHost
	}
	if numeric(labels[len(labels)-1]) {
		return checkLiteral(host)
	}
	if len(labels) == 1 || internal(host) {
		return errPublic
	}
	return nil
}

func validLabels(labels []string) bool {
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, notInName) {
			return false
		}
	}
	return true
}

// notInName allows the underscore, which the standard forbids in host names but
// which is in use.
func notInName(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
}

// numeric reports whether a host whose last label this is would be read as an
// IPv4 address by the C library and by browsers: 2130706433, 0x7f.1, 127.1,
// 0177.1.
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// internal reports names that never resolve in the public DNS.
func internal(host string) bool {
	for _, zone := range []string{"localhost", "localdomain", "local", "internal", "home.arpa"} {
		if host == zone || strings.HasSuffix(host, "."+zone) {
			return true
		}
	}
	return false
}
