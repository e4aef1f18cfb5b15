package pinchwork_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A program that embeds a marketplace on the memory store compiles no driver, router or
// command line: whoever wants SQLite, Redis or Postgres imports its store.
func TestAProgramOnTheMemoryStoreCompilesNoDriver(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("listing what the package needs: %v\n%s", err, out)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for _, heavy := range []string{"sqlite", "go-redis", "pgx", "bunrouter", "cobra", "client_golang", "otel/sdk", "modelcontextprotocol"} {
			if strings.Contains(path, heavy) {
				t.Errorf("the package needs %s", path)
			}
		}
	}
}
