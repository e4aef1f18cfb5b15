package credentials_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
)

func file(t *testing.T) credentials.File {
	t.Helper()
	return credentials.File{Path: filepath.Join(t.TempDir(), "pinchwork", "credentials.json")}
}

func put(t *testing.T, f credentials.File, name string, p credentials.Profile) {
	t.Helper()
	err := f.Update(func(s *credentials.Set) error { s.Put(name, p); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeysStayWithTheirServer(t *testing.T) {
	cases := []struct {
		issuer, server string
		want           bool
	}{
		{"https://pinchwork.dev", "https://pinchwork.dev/", true},
		{"https://pinchwork.dev", "HTTPS://Pinchwork.dev:443", true},
		{"https://pinchwork.dev", "http://pinchwork.dev", false},
		{"https://pinchwork.dev", "https://pinchwork.dev.evil.example", false},
		{"https://pinchwork.dev", "https://pinchwork.dev:8443", false},
		{"https://x/a", "https://x/b", false},
		{"http://127.0.0.1:8000", "http://127.0.0.1:9000", false},
		{"", "http://127.0.0.1:9000", true},
		{"", "http://localhost", true},
		{"", "http://[::1]:8000", true},
		{"", "https://pinchwork.dev", false},
		{"", "http://127.0.0.1.evil.example", false},
		{"not a url", "https://pinchwork.dev", false},
		{"https://pinchwork.dev", "nonsense", false},
	}
	for _, tc := range cases {
		if got := (credentials.Profile{Server: tc.issuer}).IssuedBy(tc.server); got != tc.want {
			t.Errorf("key of %q to %q: %v", tc.issuer, tc.server, got)
		}
	}
}

// The form that agents are told to keep is what one profile looks like.
func TestFileOfOneProfileIsTheDocumentedObject(t *testing.T) {
	f := file(t)
	put(t, f, credentials.Default, credentials.Profile{APIKey: "pwk-1", AgentID: "ag-1", AgentName: "a", Server: "http://x"})
	data, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(data, &got); err != nil || got["api_key"] != "pwk-1" || got["agent_id"] != "ag-1" || got["agent_name"] != "a" || len(got) != 4 {
		t.Errorf("file is %s (%v)", data, err)
	}
}

func TestDocumentedObjectIsReadable(t *testing.T) {
	f := file(t)
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path, []byte(`{"api_key":"pwk-1","agent_id":"ag-1","agent_name":"a"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := f.Load()
	if p := s.Profiles[credentials.Default]; err != nil || string(p.APIKey) != "pwk-1" || p.AgentID != "ag-1" || p.AgentName != "a" {
		t.Errorf("got %+v, %v", s, err)
	}
	if !f.Exposed() {
		t.Error("a file that others can read is not reported")
	}
	put(t, f, "second", credentials.Profile{APIKey: "pwk-2"})
	s, err = f.Load()
	if err != nil || fmt.Sprint(s.Names()) != "[default second]" || f.Exposed() {
		t.Errorf("after an update: %v, %v, exposed %v", s.Names(), err, f.Exposed())
	}
}

func TestModes(t *testing.T) {
	f := file(t)
	put(t, f, "a", credentials.Profile{APIKey: "pwk-1"})
	for path, want := range map[string]os.FileMode{f.Path: 0o600, f.Path + ".lock": 0o600, filepath.Dir(f.Path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestBadFileIsNeitherQuotedNorOverwritten(t *testing.T) {
	f := file(t)
	put(t, f, "a", credentials.Profile{APIKey: "pwk-1"})
	if err := os.WriteFile(f.Path, []byte(`{"api_key": "pwk-secret`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := f.Update(func(s *credentials.Set) error { s.Put("b", credentials.Profile{}); return nil })
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	if data, _ := os.ReadFile(f.Path); string(data) != `{"api_key": "pwk-secret` {
		t.Errorf("file is now %s", data)
	}
}

func TestRefusedUpdateChangesNothing(t *testing.T) {
	f := file(t)
	put(t, f, "a", credentials.Profile{APIKey: "pwk-1"})
	no := errors.New("no")
	err := f.Update(func(s *credentials.Set) error { s.Remove("a"); return no })
	s, _ := f.Load()
	if !errors.Is(err, no) || len(s.Profiles) != 1 {
		t.Errorf("error %v, profiles %v", err, s.Names())
	}
}

// Two registrations at once both keep their keys.
func TestConcurrentUpdatesAreAllKept(t *testing.T) {
	f := file(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := f.Update(func(s *credentials.Set) error {
				s.Put(s.Free("agent"), credentials.Profile{APIKey: "pwk-x", Server: fmt.Sprint(i)})
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := f.Load()
	if err != nil || len(s.Profiles) != 20 {
		t.Errorf("%d profiles, %v", len(s.Profiles), err)
	}
}

func TestFreeNames(t *testing.T) {
	s := credentials.Set{}
	for i, tc := range []struct{ agent, want string }{
		{"first", "default"}, {"my agent", "my-agent"}, {"my agent", "my-agent-2"}, {"日本", "agent"}, {"../x", "x"}, {strings.Repeat("y", 99), strings.Repeat("y", 40)},
	} {
		got := s.Free(tc.agent)
		if got != tc.want || !credentials.ValidName(got) {
			t.Errorf("%d: %q gives %q", i, tc.agent, got)
		}
		s.Put(got, credentials.Profile{APIKey: "k"})
	}
	s.Current = "x"
	s.Remove("x")
	if s.CurrentName() != credentials.Default {
		t.Errorf("current is %q", s.CurrentName())
	}
}

func TestDir(t *testing.T) {
	t.Setenv("HOME", "/home/u")
	for xdg, want := range map[string]string{"": "/home/u/.config/pinchwork", "/x": "/x/pinchwork", "relative": "/home/u/.config/pinchwork"} {
		got, err := credentials.Dir(func(string) string { return xdg })
		if err != nil || got != want {
			t.Errorf("XDG_CONFIG_HOME=%q gives %s, %v", xdg, got, err)
		}
	}
}

func TestLinkedFileStaysALink(t *testing.T) {
	f := file(t)
	real := filepath.Join(t.TempDir(), "real.json")
	if err := os.WriteFile(real, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, f.Path); err != nil {
		t.Skip(err)
	}
	put(t, f, "a", credentials.Profile{APIKey: "pwk-1"})
	data, err := os.ReadFile(real)
	if err != nil || !strings.Contains(string(data), "pwk-1") {
		t.Errorf("linked file is %s, %v", data, err)
	}
}
