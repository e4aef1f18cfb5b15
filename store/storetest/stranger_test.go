package storetest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	strangerModule = `module example.com/stranger

go 1.26.0

require github.com/pinchwork/pinchwork v0.0.0

replace github.com/pinchwork/pinchwork => `

	strangerTest = `package stranger

import (
	"testing"

	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
	"github.com/pinchwork/pinchwork/store/storetest"
)

// mine is a type of this module.
type mine struct{ store.Store }

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return mine{memory.New()} })
}
`
)

// A store that lives in somebody else's module compiles against the suite and
// passes it, with nothing but what the module needs anyway.
func TestAStoreInAnotherModule(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles another module")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": strangerModule + root + "\n", "go.sum": string(sums), "store_test.go": strangerTest,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "test", "-count=1", "./...")
}

// The suite needs the standard library and package store alone.
func TestSuiteImports(t *testing.T) {
	const seam = "github.com/pinchwork/pinchwork/store"
	foreign := "{{if not .Standard}}{{.ImportPath}}{{end}}"
	own := goTool(t, ".", "list", "-f", `{{join .Imports "\n"}}`, ".")
	for _, path := range strings.Fields(own) {
		first, _, _ := strings.Cut(path, "/")
		if strings.Contains(first, ".") && path != seam {
			t.Errorf("the suite imports %s", path)
		}
	}
	for _, path := range strings.Fields(goTool(t, ".", "list", "-deps", "-f", foreign, ".")) {
		for _, driver := range []string{"redis", "pgx", "sqlite", "bunrouter", "cobra"} {
			if strings.Contains(path, driver) {
				t.Errorf("the suite depends on %s", path)
			}
		}
	}
}

// goTool runs the go command offline.
func goTool(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
	if dir != "." {
		cmd.Env = append(cmd.Env, "GOFLAGS=-mod=mod")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
