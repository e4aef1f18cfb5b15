package deploytest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const deploy = "../../deploy"

// program finds a program or skips the test, unless it is required.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), name) {
		t.Fatalf("no %s, but PINCHWORK_TEST_REQUIRE asks for it: %v", name, err)
	}
	t.Skipf("SKIPPED: no %s (%v); this test proves nothing", name, err)
	return ""
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// run runs a program and fails the test with what it said.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// documents are the YAML documents of a text.
func documents(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var one map[string]any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if one != nil {
			all = append(all, one)
		}
	}
}

// at goes down into maps and lists by their keys and numbers.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// settings are the environment variables in the tables of docs/operations.md, which a
// test of the server holds against what it has, and metrics the same of its metrics.
func settings(t *testing.T) map[string]bool { return listed(t, "(?m)^\\| `(PINCHWORK_[A-Z_]+)`") }
func metrics(t *testing.T) map[string]bool  { return listed(t, "(?m)^\\| `(pinchwork_[a-z_]+)`") }

func listed(t *testing.T, row string) map[string]bool {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, found := range regexp.MustCompile(row).FindAllSubmatch(page, -1) {
		names[string(found[1])] = true
	}
	if len(names) < 10 {
		t.Fatalf("the page lists only %v", names)
	}
	return names
}

// wantSettings fails for a variable in the text that is no setting.
func wantSettings(t *testing.T, name, text string) {
	t.Helper()
	known := settings(t)
	for _, found := range regexp.MustCompile(`PINCHWORK_[A-Z_]+`).FindAllString(text, -1) {
		if !known[found] && !known[strings.TrimSuffix(found, "_FILE")] && found != "PINCHWORK_NAME" {
			t.Errorf("%s: %s is no setting", name, found)
		}
	}
}
