package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// hostileHosts are hosts that net/http may hand on, and that mean something else
// than themselves to a shell, to markdown, to HTML, to JSON or to a reader.
var hostileHosts = []string{
	"x';id;'", "$(id)", "`id`", "a b", "a\nid", "a\r\nX-Other: 1", "a;id", "a&id", "a|id", "a>b", "a<script>", "a/$(id)", "a/b", "a\\", "a?b", "a#b",
	"user@a", "u:p@a", "é.example", "a\"b", "a\x1b[2J", "a)[b](http://evil.example", "{a}", "a*b", "a!b", "a:b", "a:123456", "a:", ":80",
	"[::1", "[::1%25x]", "[x]", "a\x00", "\u202ea", "a%41", "~a", "-d @/etc/passwd", strings.Repeat("a", 300) + "'",
}

var readPage = regexp.MustCompile(`(?m)^\s+"GET (/[^"]*)":\s`)

// shown are all pages, read from their tables, and the two routes of the API that
// say the server's address.
func shown(t *testing.T) []string {
	t.Helper()
	list := []string{"/v1/capabilities", "/openapi.json", "/none", "/docs/swagger-ui.css"}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range readPage.FindAllStringSubmatch(string(text), -1) {
			list = append(list, strings.NewReplacer("{$}", "", "{id}", "x", "{file}", "style.css").Replace(found[1]))
		}
	}
	if len(list) < 20 {
		t.Fatalf("the tables have only %v", list)
	}
	return list
}

// Whoever asks chooses the Host header, and somebody else may read, or type into
// a shell, what a cache kept of the answer.
func TestNoPageShowsAHostileHost(t *testing.T) {
	s := newSite(t, httpserver.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	for _, path := range shown(t) {
		for _, host := range hostileHosts {
			for _, header := range []string{"Host", "X-Forwarded-Host"} {
				w := asked(s, path, header, host, "192.0.2.1:1")
				if got := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(got, `"field":"`+header+`"`) || strings.Contains(got, "evil") {
					t.Errorf("%s with %s %q: %d %.200q", path, header, host, w.Code, got)
				}
			}
		}
	}
}

func asked(s *site, path, header, host, peer string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.RemoteAddr = peer
	r.Header.Set("Accept", "application/json")
	if r.Header.Set(header, host); header == "Host" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return w
}

// A proxy that nobody named is not believed, so what it says does no harm either;
// and no Host matters to a server that was told its address.
func TestAHostileHostThatIsNotAskedHarmsNobody(t *testing.T) {
	s := newSite(t, httpserver.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	told := newSite(t, httpserver.Options{PublicURL: "https://market.example/a"})
	for _, host := range hostileHosts {
		for _, path := range []string{"/skill.md", "/llms.txt", "/terms", "/install.sh", "/openapi.json", "/v1/capabilities", "/.well-known/security.txt"} {
			w := asked(s, path, "X-Forwarded-Host", host, "198.51.100.1:1")
			if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, "http://example.com") {
				t.Errorf("%s: %d %.200q", path, w.Code, got)
			}
			w = asked(told, path, "Host", host, "198.51.100.1:1")
			if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, "https://market.example/a") {
				t.Errorf("%s: %d %.200q", path, w.Code, got)
			}
		}
		if w := asked(s, "/health", "Host", host, "192.0.2.1:1"); w.Code != http.StatusOK {
			t.Errorf("/health asked of %q: %d", host, w.Code)
		}
	}
}

// Plain hosts are shown as they are. Who names no host gets paths alone.
func TestPagesShowPlainHosts(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for _, host := range []string{"market.example:8000", "[2001:db8::1]:80", "[::1]", "127.0.0.1", "my_service", "A-1.example."} {
		if w := asked(s, "/skill.md", "Host", host, "192.0.2.1:1"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "curl http://"+host+"/v1/") {
			t.Errorf("%s: %d %.300q", host, w.Code, w.Body)
		}
	}
	if w := asked(s, "/llms.txt", "Host", "", "192.0.2.1:1"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "(/skill.md)") {
		t.Errorf("without a host: %d %s", w.Code, w.Body)
	}
}

// A router above may take a part of the path off that the client made up.
func TestNoPageShowsAHostilePrefix(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for _, prefix := range []string{"/a';id;'", "/$(id)", "/a&b", "/(a)", "//evil.example"} {
		for _, path := range []string{"/skill.md", "/v1/capabilities", "/install.sh"} {
			r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
			r.RequestURI = prefix + path
			w := httptest.NewRecorder()
			s.api.ServeHTTP(w, r)
			if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), prefix) {
				t.Errorf("%s below %s: %d %.200q", path, prefix, w.Code, w.Body)
			}
		}
	}
}
