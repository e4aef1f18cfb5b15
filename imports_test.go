package pinchwork_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A program that embeds a marketplace on the memory store compiles no driver, router or
// command line: whoever wants SQLite, Redis or Postgres imports its store.
func TestAProgramOnTheMemoryStoreCompilesNoDriver(t *testing.T) {
	compilesNone(t, ".", "sqlite", "go-redis", "pgx", "bunrouter", "cobra", "client_golang", "otel/sdk", "modelcontextprotocol", "a2aproject", "grpc")
}

// A program that serves the API without the door of another protocol compiles none of its
// SDK.
func TestAServerWithoutADoorCompilesNoSDK(t *testing.T) {
	compilesNone(t, "./httpserver/...", "modelcontextprotocol", "a2aproject", "grpc")
}

func compilesNone(t *testing.T, packages string, heavy ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", packages).CombinedOutput()
	if err != nil {
		t.Fatalf("listing what the package needs: %v\n%s", err, out)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for _, name := range heavy {
			if strings.Contains(path, name) {
				t.Errorf("the package needs %s", path)
			}
		}
	}
}
