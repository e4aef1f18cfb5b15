package deploytest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
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
		ours, builds := 0, 0
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
			if at(s, "build") == nil {
				continue
			}
			builds++
			context := filepath.Join(deploy, fmt.Sprint(at(s, "build", "context")))
			if _, err := os.Stat(filepath.Join(context, fmt.Sprint(at(s, "build", "dockerfile")))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if ours == 0 || builds != 1 {
			t.Errorf("%s runs %d of ours and builds it %d times", name, ours, builds)
		}
		wantSecretsKept(t, name, file)
	}
}

// wantSecretsKept fails for a file with a secret, made by the first lines of a compose
// file, that could get into the repository or the image, or that our server cannot read.
func wantSecretsKept(t *testing.T, name string, file map[string]any) {
	t.Helper()
	text := read(t, name)
	left, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	secrets, _ := file["secrets"].(map[string]any)
	for secret, s := range secrets {
		path := strings.TrimPrefix(fmt.Sprint(at(s, "file")), "../")
		if !strings.Contains(text, "> "+path) {
			t.Errorf("%s does not say how %s is made", name, path)
		}
		run(t, "git", "-C", "../..", "check-ignore", path)
		if !strings.Contains(string(left), "**/*"+filepath.Ext(path)+"\n") && !strings.Contains(string(left), "**/"+path+"\n") {
			t.Errorf("%s is built into the image", path)
		}
		if secret != "postgres" && !regexp.MustCompile(`chgrp 65532 [^&]*`+regexp.QuoteMeta(path)+`.*chmod 440 .*`+regexp.QuoteMeta(path)).MatchString(text) {
			t.Errorf("%s does not let the server read %s", name, path)
		}
	}
}

// A package leaves a key that root alone can read, and never another in its place.
func TestPackagesMakeAnAdminKeyOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a shell script")
	}
	root := t.TempDir()
	install := func() string {
		cmd := exec.CommandContext(t.Context(), filepath.Join(deploy, "postinstall.sh"), "configure")
		cmd.Env = append(os.Environ(), "DPKG_ROOT="+root)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		key, err := os.ReadFile(filepath.Join(root, "etc/pinchwork/admin.key"))
		if err != nil {
			t.Fatal(err)
		}
		return string(key)
	}
	first := install()
	info, err := os.Stat(filepath.Join(root, "etc/pinchwork/admin.key"))
	if err != nil || info.Mode().Perm() != 0o600 || len(first) != 45 {
		t.Errorf("the key is %q, %v, %v", first, info.Mode(), err)
	}
	if again := install(); again != first {
		t.Error("an upgrade makes another key")
	}
}

// The release has the script, the units, and the image that the chart runs.
func TestRelease(t *testing.T) {
	data, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	release := documents(t, string(data))[0]
	script := fmt.Sprint(at(release, "nfpms", 0, "scripts", "postinstall"))
	if info, err := os.Stat(filepath.Join("../..", script)); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the packages run %s: %v", script, err)
	}
	image := at(release, "dockers_v2", 0)
	values := documents(t, read(t, chart+"/values.yaml"))[0]
	if got, want := at(image, "images", 0), at(values, "image", "repository"); got != want {
		t.Errorf("the image is %v, and the chart runs %v", got, want)
	}
	container := read(t, "Containerfile")
	program := fmt.Sprint(at(image, "build_args", "PROGRAM"))
	if at(image, "dockerfile") != "deploy/Containerfile" || !strings.Contains(container, " AS "+program+"\n") || !strings.Contains(container, "\nCOPY $TARGETPLATFORM/pinchwork ") {
		t.Errorf("the image is built of %v", image)
	}
}

// systemd reads the unit as it is meant, and finds it closed; the one for several replicas
// too. What the unit asks systemd to hand over is what it names.
func TestService(t *testing.T) {
	text, more := read(t, "pinchwork.service"), read(t, "pinchwork-replicas.conf")
	wantSettings(t, "the service", text)
	wantSettings(t, "the replicas", more)
	named := regexp.MustCompile(`(?m)^(#?)\w+=.*%d/([a-z.]+)$`)
	for _, found := range append(named.FindAllStringSubmatch(text, -1), named.FindAllStringSubmatch(more, -1)...) {
		if credential := "\n" + found[1] + "LoadCredential=" + found[2] + ":/etc/pinchwork/" + found[2] + "\n"; !strings.Contains(text+more, credential) {
			t.Errorf("%s is not handed over by %s", found[0], credential)
		}
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	if stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(text); stop == nil || !strings.Contains(string(page), "`TimeoutStopSec` ("+stop[1]+")") {
		t.Errorf("the page does not say how long the unit waits for the end: %v", stop)
	}
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
	many := filepath.Join(dir, "pinchwork@.service")
	if err := errors.Join(os.Link(unit, many), os.Mkdir(many+".d", 0o700), os.WriteFile(many+".d/replicas.conf", []byte(more), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, one := range []string{"pinchwork.service", "pinchwork@1.service"} {
		if out := run(t, analyze, "verify", "--man=no", filepath.Join(dir, one)); strings.Contains(out, "pinchwork") {
			t.Error(out)
		}
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
