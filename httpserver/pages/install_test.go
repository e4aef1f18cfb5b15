package pages_test

import (
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

// Who names no host gets the script without an address, as the repository has it.
func TestInstallerWithoutAHostHasNoAddress(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	if w := asked(s, "/install.sh", "Host", "", "192.0.2.1:1"); w.Body.String() != installer(t, "") {
		t.Errorf("it says %s", line(w.Body.String(), "server="))
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
