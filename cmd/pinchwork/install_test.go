package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// release is a release as GitHub serves it.
type release struct {
	archive, sums []byte
	version       string
}

func archiveName(version string) string {
	return fmt.Sprintf("pinchwork_%s_%s_%s.tar.gz", version, runtime.GOOS, runtime.GOARCH)
}

func newRelease(t *testing.T) *release {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	tw := tar.NewWriter(zip)
	binary := "#!/bin/sh\necho pinchwork 1.2.3\n"
	for name, body := range map[string]string{"LICENSE": "MIT", "pinchwork": binary} {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(buf.Bytes())
	sums := fmt.Sprintf("%064d  other.tar.gz\n%x  %s\n", 0, sum, archiveName("1.2.3"))
	return &release{archive: buf.Bytes(), sums: []byte(sums), version: "1.2.3"}
}

func (r *release) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	dir := "/download/v" + r.version + "/"
	switch req.URL.Path {
	case "/latest":
		http.Redirect(w, req, "/tag/v"+r.version, http.StatusFound)
	case "/tag/v" + r.version:
	case dir + archiveName(r.version):
		_, _ = w.Write(r.archive)
	case dir + "checksums.txt":
		_, _ = w.Write(r.sums)
	default:
		http.NotFound(w, req)
	}
}

// install runs the script of the repository.
func install(t *testing.T, r *release, path string, env ...string) (dir, output string, err error) {
	t.Helper()
	script, err := os.ReadFile("../../install.sh")
	if err != nil {
		t.Fatal(err)
	}
	return pipe(t, script, r, append([]string{"PATH=" + path}, env...)...)
}

// pipe gives a script to a shell, as "curl … | sh" does.
func pipe(t *testing.T, script []byte, r http.Handler, env ...string) (dir, output string, err error) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a shell script")
	}
	server := httptest.NewServer(r)
	defer server.Close()
	dir = filepath.Join(t.TempDir(), "bin")
	cmd := exec.Command("sh")
	cmd.Stdin = bytes.NewReader(script)
	cmd.Env = append(os.Environ(), "PINCHWORK_RELEASES="+server.URL, "PINCHWORK_INSTALL_DIR="+dir)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	return dir, string(out), err
}

func TestInstallScript(t *testing.T) {
	for _, env := range []string{"PINCHWORK_VERSION=", "PINCHWORK_VERSION=1.2.3", "PINCHWORK_VERSION=v1.2.3"} {
		dir, out, err := install(t, newRelease(t), os.Getenv("PATH"), env)
		if err != nil || !strings.Contains(out, "installed pinchwork 1.2.3") {
			t.Errorf("%s: %v\n%s", env, err, out)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || entries[0].Name() != "pinchwork" {
			t.Errorf("installed %v, %v", entries, err)
		}
	}
}

func TestInstallScriptRefusesWhatWasNotReleased(t *testing.T) {
	cases := map[string]func(*release){
		"changed archive": func(r *release) { r.archive = append(r.archive, 'x') },
		"no sum":          func(r *release) { r.sums = []byte("") },
		"sum of another":  func(r *release) { r.sums = bytes.ReplaceAll(r.sums, []byte("pinchwork_"), []byte("xpinchwork_")) },
		"no release":      func(r *release) { r.version = "latest" },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t)
			spoil(r)
			dir, out, err := install(t, r, os.Getenv("PATH"))
			if err == nil {
				t.Errorf("installed:\n%s", out)
			}
			if _, err := os.Stat(filepath.Join(dir, "pinchwork")); err == nil {
				t.Error("there is a binary")
			}
		})
	}
}

// Without curl, wget does.
func TestInstallScriptWithWget(t *testing.T) {
	if _, err := exec.LookPath("wget"); err != nil {
		t.Skip(err)
	}
	tools := t.TempDir()
	for _, name := range []string{"sh", "wget", "tar", "gzip", "awk", "sed", "tail", "tr", "uname", "mktemp", "mkdir", "chmod", "cp", "mv", "rm", "sha256sum"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(path, filepath.Join(tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, out, err := install(t, newRelease(t), tools); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// What the release packs is what the script downloads.
func TestReleaseConfigurationFitsTheScript(t *testing.T) {
	data, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Builds []struct {
			Main, Binary string
			Ldflags      []string
		}
		Archives []struct {
			NameTemplate string `yaml:"name_template"`
			Formats      []string
		}
		Checksum struct {
			NameTemplate string `yaml:"name_template"`
		}
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	build, archive := config.Builds[0], config.Archives[0]
	if build.Main != "./cmd/pinchwork" || build.Binary != "pinchwork" || !strings.Contains(build.Ldflags[0], "-X main.version=") {
		t.Errorf("build %+v", build)
	}
	name := strings.NewReplacer("{{ .Version }}", "1.2.3", "{{ .Os }}", runtime.GOOS, "{{ .Arch }}", runtime.GOARCH).Replace(archive.NameTemplate)
	if name+"."+archive.Formats[0] != archiveName("1.2.3") || config.Checksum.NameTemplate != "checksums.txt" {
		t.Errorf("archive %s, sums %s", name, config.Checksum.NameTemplate)
	}
}

// Everything that the release packs is there once the script before it has run.
func TestReleasePacksWhatIsThere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a shell script")
	}
	self, err := exec.LookPath("pinchwork")
	if err != nil {
		t.Fatal(err)
	}
	extra := t.TempDir()
	script := exec.Command("../../deploy/extras.sh", extra)
	script.Env = append(os.Environ(), "PINCHWORK="+self)
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Archives []struct{ Files []any }
		Nfpms    []struct {
			Formats  []string
			Contents []struct{ Src, Dst string }
		}
		Sboms []struct{ Cmd string }
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	sources := map[string]bool{}
	for _, file := range config.Archives[0].Files {
		name, _ := file.(string)
		if m, ok := file.(map[string]any); ok {
			name = fmt.Sprint(m["src"])
		}
		sources[name] = true
	}
	for _, file := range config.Nfpms[0].Contents {
		sources[file.Src] = true
	}
	for name := range sources {
		path := filepath.Join("../..", name)
		if made, ok := strings.CutPrefix(name, "dist-extra/"); ok {
			path = filepath.Join(extra, made)
		}
		if found, err := filepath.Glob(path); err != nil || len(found) == 0 {
			t.Errorf("there is no %s, %v", name, err)
		}
	}
	if len(sources) < 9 || len(config.Nfpms[0].Formats) != 2 || len(config.Sboms) != 1 {
		t.Errorf("it packs only %v", sources)
	}
	unit, err := os.ReadFile(filepath.Join(extra, "pinchwork.service"))
	if err != nil || !bytes.Contains(unit, []byte("ExecStart=/usr/bin/pinchwork serve")) {
		t.Errorf("the packages' service is %s, %v", unit, err)
	}
}
