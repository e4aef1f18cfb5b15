package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// installer is the script of the repository's root, as a server at the address
// serves it.
func installer(t *testing.T, address string) string {
	t.Helper()
	script, err := os.ReadFile("../../install.sh")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(script), "\nserver=\n") != 1 {
		t.Fatal("the script has no one line for the server's address")
	}
	return strings.Replace(string(script), "\nserver=\n", "\nserver="+address+"\n", 1)
}

func TestInstallerIsTheRepositorysOwn(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	res, text := s.get("/install.sh")
	if text != installer(t, "'"+s.url+"'") {
		t.Error("the script that is served is another one than install.sh; copy that to httpserver/pages/install.sh")
	}
	for name, want := range map[string]string{
		"Content-Type": "text/x-shellscript; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Whoever asks chooses the Host header, and somebody else's shell may read what
// a cache kept of it.
func TestInstallerHasNoAddressThatAShellWouldRead(t *testing.T) {
	s := newSite(t, httpserver.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	for host, plain := range map[string]bool{
		"market.example:8000": true, "[2001:db8::1]:80": true, "127.0.0.1": true, "x';id;'": false, "$(id)": false, "`id`": false,
		"a b": false, "a\nid": false, "a;id": false, "a&id": false, "a/$(id)": false, "a\\": false, "a?b": false, "user@a": false,
		"é.example": false, "a\"b": false, "a\x1b[2J": false,
	} {
		want := installer(t, "")
		if plain {
			want = installer(t, "'http://"+host+"'")
		}
		for _, header := range []string{"Host", "X-Forwarded-Host"} {
			r := httptest.NewRequest(http.MethodGet, "/install.sh", http.NoBody)
			if r.Header.Set(header, host); header == "Host" {
				r.Host = host
			}
			w := httptest.NewRecorder()
			s.api.ServeHTTP(w, r)
			if got := w.Body.String(); w.Code != http.StatusOK || got != want {
				t.Errorf("%s %q: status %d, %s", header, host, w.Code, line(got, "server="))
			}
		}
	}
}

func TestInstallerHasThePublicAddress(t *testing.T) {
	s := newSite(t, httpserver.Options{PublicURL: "https://market.example/a"})
	if _, text := s.get("/install.sh"); text != installer(t, "'https://market.example/a'") {
		t.Errorf("it says %s", line(text, "server="))
	}
}

// line is the first line of a text that begins with a prefix.
func line(text, prefix string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return "no line " + prefix
}
