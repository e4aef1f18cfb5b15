package weburl

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestCheckAcceptsPublicURLs(t *testing.T) {
	for _, raw := range []string{
		"https://example.com/hook",
		"https://EXAMPLE.com./hook?a=b&c=%20d",
		"https://hooks.example.com:443/",
		"https://hooks.example.com:8443/",
		"https://hooks.example.com:80/x",
		"https://my_service.example.com",
		"https://xn--mnchen-3ya.de/hook",
		"https://8.8.8.8/hook",
		"https://[2606:4700:4700::1111]/hook",
		"https://123.example.com",
		"https://0x7f.example.com",
		"HTTPS://example.com/" + strings.Repeat("ä", MaxLength-20),
	} {
		if err := Check(raw, false); err != nil {
			t.Errorf("Check(%.80q) = %v, want nil", raw, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"empty":                {"", errScheme},
		"no scheme":            {"example.com/hook", errScheme},
		"http":                 {"http://example.com/hook", errScheme},
		"ftp":                  {"ftp://example.com/hook", errScheme},
		"opaque":               {"https:example.com", errMalformed},
		"no host":              {"https:///hook", errHost},
		"user":                 {"https://user:secret@example.com/", errUser},
		"empty user":           {"https://@example.com/", errUser},
		"fragment":             {"https://example.com/#x", errFragment},
		"empty fragment":       {"https://example.com/#", errFragment},
		"too long":             {"https://example.com/" + strings.Repeat("a", MaxLength-19), errLength},
		"space":                {"https://example.com/a b", errMalformed},
		"newline":              {"https://example.com/\nHost: x", errMalformed},
		"NUL":                  {"https://example.com/\x00", errMalformed},
		"bad UTF-8":            {"https://example.com/\xff", errMalformed},
		"backslash":            {`https://example.com\@127.0.0.1/`, errMalformed},
		"port 0":               {"https://example.com:0/", errPort},
		"port too large":       {"https://example.com:65979/", errPort},
		"empty port":           {"https://example.com:/", errHost},
		"IDN":                  {"https://münchen.de/", errASCII},
		"wide digits":          {"https://１２７.0.0.1/", errASCII},
		"ideographic stops":    {"https://127。0。0。1/", errASCII},
		"empty label":          {"https://a..example.com/", errHost},
		"leading hyphen":       {"https://-a.example.com/", errHost},
		"long label":           {"https://" + strings.Repeat("a", 64) + ".com/", errHost},
		"long name":            {"https://" + strings.Repeat("abcdefghi.", 26) + "com/", errHost},
		"asterisk":             {"https://*.example.com/", errHost},
		"percent in host":      {"https://%65xample.com/", errMalformed},
		"localhost":            {"https://localhost/", errPublic},
		"localhost with dot":   {"https://localhost./", errPublic},
		"LOCALHOST":            {"https://LOCALHOST/", errPublic},
		"below localhost":      {"https://app.localhost/", errPublic},
		"single label":         {"https://intranet/", errPublic},
		"local":                {"https://printer.local/", errPublic},
		"Kubernetes":           {"https://kubernetes.default.svc.cluster.local/", errPublic},
		"metadata name":        {"https://metadata.google.internal/", errPublic},
		"loopback":             {"https://127.0.0.1/", errPublic},
		"loopback with dot":    {"https://127.0.0.1./", errPublic},
		"decimal":              {"https://2130706433/", errHost},
		"decimal, public":      {"https://134744072/", errHost},
		"hexadecimal":          {"https://0x7f000001/", errHost},
		"upper hexadecimal":    {"https://0X7F.1/", errHost},
		"mixed":                {"https://0x7f.1/", errHost},
		"short":                {"https://127.1/", errHost},
		"octal":                {"https://0177.0.0.1/", errHost},
		"leading zeros":        {"https://127.000.000.001/", errHost},
		"bare 0x":              {"https://0x/", errHost},
		"five parts":           {"https://127.0.0.1.1/", errHost},
		"unspecified":          {"https://0.0.0.0/", errPublic},
		"RFC 1918, 10":         {"https://10.1.2.3/", errPublic},
		"RFC 1918, 172":        {"https://172.31.255.255/", errPublic},
		"RFC 1918, 192":        {"https://192.168.0.1/", errPublic},
		"CGNAT":                {"https://100.64.0.1/", errPublic},
		"link-local, metadata": {"https://169.254.169.254/", errPublic},
		"Azure":                {"https://168.63.129.16/", errPublic},
		"multicast":            {"https://224.0.0.1/", errPublic},
		"broadcast":            {"https://255.255.255.255/", errPublic},
		"IPv6 loopback":        {"https://[::1]/", errPublic},
		"IPv6 unspecified":     {"https://[::]/", errPublic},
		"IPv4-mapped":          {"https://[::ffff:127.0.0.1]/", errPublic},
		"IPv4-mapped, public":  {"https://[::ffff:8.8.8.8]/", errPublic},
		"IPv4-compatible":      {"https://[::127.0.0.1]/", errPublic},
		"NAT64":                {"https://[64:ff9b::7f00:1]/", errPublic},
		"NAT64, local":         {"https://[64:ff9b:1::1]/", errPublic},
		"6to4":                 {"https://[2002:7f00:1::]/", errPublic},
		"Teredo":               {"https://[2001:0:1::1]/", errPublic},
		"unique local":         {"https://[fd00:ec2::254]/", errPublic},
		"IPv6 link-local":      {"https://[fe80::1]/", errPublic},
		"zone":                 {"https://[fe80::1%25eth0]/", errHost},
		"IPv4 in brackets":     {"https://[127.0.0.1]/", errMalformed},
		"name in brackets":     {"https://[localhost]/", errMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Check(c.raw, false); !errors.Is(err, c.want) {
				t.Errorf("Check(%.80q) = %v, want %v", c.raw, err, c.want)
			}
		})
	}
}

// Whoever mends a URL is told all of what is wrong with it.
func TestCheckNamesAllProblemsAtOnce(t *testing.T) {
	for raw, want := range map[string]string{
		"http://localhost:8080/": "must be an https URL and must name a public host",
		"http://10.0.0.1/":       "must be an https URL and must name a public host",
		"ftp://u:p@intranet/#x": "must be an https URL, must not contain a user name or password, " +
			"must not contain a fragment and must name a public host",
		"http://example.com/": "must be an https URL",
		"/hook":               "must be an https URL and must name a valid host",
	} {
		if err := Check(raw, false); err == nil || err.Error() != want {
			t.Errorf("Check(%q) = %v, want %s", raw, err, want)
		}
	}
}

func TestCheckPrivateAllowsClosedNetworks(t *testing.T) {
	for _, raw := range []string{
		"http://127.0.0.1:8080/hook", "http://localhost:1/", "https://intranet/x", "http://[::1]:9000/", "http://münchen/",
	} {
		if err := Check(raw, true); err != nil {
			t.Errorf("Check(%q, private) = %v, want nil", raw, err)
		}
	}
	for raw, want := range map[string]error{
		"ftp://127.0.0.1/":     errSchemes,
		"http://u:p@127.0.0.1": errUser,
		"http:///x":            errHost,
		"http://host:70000/":   errPort,
		"http://host/#a":       errFragment,
	} {
		if err := Check(raw, true); !errors.Is(err, want) {
			t.Errorf("Check(%q, private) = %v, want %v", raw, err, want)
		}
	}
}

// FuzzWebhookURL asserts that whatever passes can be requested, and that no
// reading of its host is a private address.
func FuzzWebhookURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/hook", "https://2130706433/", "https://0x7f.1", "https://127.1/", "https://localhost./",
		"https://[::ffff:127.0.0.1]/", "https://[64:ff9b::1]/", "https://a@b@c/", "https://x:443\\y/", "https://1.2.3.4:80",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if Check(raw, false) != nil {
			return
		}
		if err := Check(raw, true); err != nil {
			t.Fatalf("%q is allowed in public and not in private: %v", raw, err)
		}
		if _, err := http.NewRequest(http.MethodPost, raw, nil); err != nil {
			t.Fatalf("%q cannot be requested: %v", raw, err)
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil {
			t.Fatalf("%q passed as %+v, %v", raw, u, err)
		}
		host := strings.TrimSuffix(u.Hostname(), ".")
		if ip, err := netip.ParseAddr(host); err == nil {
			if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.Is4In6() || !ip.IsGlobalUnicast() {
				t.Fatalf("%q names %v", raw, ip)
			}
			return
		}
		if last := host[strings.LastIndexByte(host, '.')+1:]; strings.Trim(last, "0123456789") == "" {
			t.Fatalf("%q has the numeric host %q", raw, host)
		}
	})
}
