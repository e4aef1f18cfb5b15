package deploytest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/programtest"
)

// The compose files build our image, run it without rights, and name only what is there.
func TestCompose(t *testing.T) {
	for _, name := range []string{"compose.yaml", "compose.postgres.yaml"} {
		text := read(t, name)
		wantSettings(t, name, text)
		file := documents(t, text)[0]
		services, _ := file["services"].(map[string]any)
		ours := 0
		for service, s := range services {
			for _, kind := range []string{"secrets", "networks"} {
				list, _ := at(s, kind).([]any)
				for _, one := range list {
					if at(file, kind, fmt.Sprint(one)) == nil {
						t.Errorf("%s: %s of %s: there is no %v", name, kind, service, one)
					}
				}
			}
			if at(s, "image") != "pinchwork" {
				continue
			}
			ours++
			if at(s, "read_only") != true || fmt.Sprint(at(s, "cap_drop")) != "[ALL]" || at(s, "healthcheck", "test", 1) != "/pinchwork" {
				t.Errorf("%s: %s is not closed: %v", name, service, s)
			}
			context := filepath.Join(deploy, fmt.Sprint(at(s, "build", "context")))
			if _, err := os.Stat(filepath.Join(context, fmt.Sprint(at(s, "build", "dockerfile")))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if ours == 0 {
			t.Errorf("%s runs nothing of ours", name)
		}
	}
}

// systemd reads the unit as it is meant, and finds it closed.
func TestService(t *testing.T) {
	text := read(t, "pinchwork.service")
	wantSettings(t, "the service", text)
	analyze := program(t, "systemd-analyze")
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(dir, "pinchwork.service")
	if err := os.WriteFile(unit, []byte(strings.ReplaceAll(text, "/usr/local/bin/pinchwork", self)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t, analyze, "verify", "--man=no", unit); strings.Contains(out, "pinchwork.service:") {
		t.Error(out)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=20", unit).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The image is the static program alone, runs as nobody in particular, and answers for
// its health. What is built here is its last stage, from a program that is there already.
func TestContainer(t *testing.T) {
	text := read(t, "Containerfile")
	wantSettings(t, "the container", text)
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", "-X main.version=$VERSION", "./cmd/pinchwork", "FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/pinchwork"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("it has no %s", want)
		}
	}
	if image, release := regexp.MustCompile(`golang:([0-9.]+)`).FindStringSubmatch(text), regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`); image == nil || release.FindStringSubmatch(mod(t))[1] != image[1] {
		t.Errorf("it is built by %v, which is not the Go of go.mod", image)
	}
	buildah := program(t, "buildah")
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.MkdirAll(filepath.Join(out, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", programtest.Path(t), filepath.Join(out, "pinchwork"))
	if err := os.WriteFile(filepath.Join(out, "ca-certificates.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, last, _ := strings.Cut(text, "\nFROM scratch")
	last = strings.NewReplacer("--from=build ", "", " /etc/ssl/certs/ca-certificates.crt ", " out/ca-certificates.crt ", " /out/", " out/").Replace("FROM scratch" + last)
	file := filepath.Join(dir, "Containerfile")
	if err := os.WriteFile(file, []byte(last), 0o600); err != nil {
		t.Fatal(err)
	}
	b := func(args ...string) string {
		return run(t, buildah, append([]string{"--storage-driver", "vfs", "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run")}, args...)...)
	}
	b("build", "--isolation", "chroot", "--format", "docker", "-t", "pinchwork", "-f", file, dir)
	container := strings.TrimSpace(b("from", "pinchwork"))
	says := b("run", "--isolation", "chroot", container, "--", "/pinchwork", "--version")
	if !strings.HasPrefix(says, "pinchwork ") {
		t.Errorf("it says %s", says)
	}
	config := b("inspect", "--type", "image", "--format", "{{.Docker.Config.User}} {{.Docker.Config.Healthcheck.Test}} {{.Docker.Config.Entrypoint}}", "pinchwork")
	if strings.TrimSpace(config) != "65532:65532 [CMD /pinchwork health] [/pinchwork]" {
		t.Errorf("its configuration is %s", config)
	}
	b("rm", container)
}

func mod(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
