package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
)

// getter does what the installer asks of curl, for machines that have none.
func getter() {
	flags := flag.NewFlagSet("curl", flag.ExitOnError)
	read, ask := flags.Bool("fsSL", false, ""), flags.Bool("fsSLI", false, "")
	out, format := flags.String("o", "", ""), flags.String("w", "", "")
	_ = flags.Int("retry", 0, "")
	if flags.Parse(os.Args[1:]) != nil || *read == *ask || flags.NArg() != 1 {
		os.Exit(2)
	}
	if err := download(flags.Arg(0), *out, *format); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(22)
	}
}

func download(url, out, format string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", res.Status)
	}
	file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, res.Body)
	fmt.Print(strings.ReplaceAll(format, "%{url_effective}", res.Request.URL.String()))
	return err
}

// served is the installer as a running server gives it, and its address.
func served(t *testing.T) (script []byte, address string) {
	t.Helper()
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits(), Pages: pages.New(m)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(func() { api.Close(); server.Close() })
	res, err := http.Get(server.URL + "/install.sh")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if script, err = io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", res.Status, err)
	}
	return script, server.URL
}

// bare is an environment in which curl is the getter, and what a script leaves
// behind is seen.
func bare(t *testing.T) (env []string, temp string) {
	t.Helper()
	self, err := exec.LookPath("getter")
	if err != nil {
		t.Fatal(err)
	}
	tools := t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "curl"), []byte("#!/bin/sh\nexec '"+self+"' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	temp = t.TempDir()
	path := tools + string(os.PathListSeparator) + os.Getenv("PATH")
	return []string{"PATH=" + path, "TMPDIR=" + temp, "HOME=" + t.TempDir()}, temp
}

func wantEmpty(t *testing.T, what, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v is left, %v", what, entries, err)
	}
}

func TestServedInstaller(t *testing.T) {
	script, address := served(t)
	env, temp := bare(t)
	dir, out, err := pipe(t, script, newRelease(t), env...)
	if err != nil || !strings.Contains(out, "installed pinchwork 1.2.3") || !strings.Contains(out, "next: pinchwork register --server "+address+" --name") {
		t.Errorf("%v\n%s", err, out)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "pinchwork" {
		t.Errorf("installed %v, %v", entries, err)
	}
	wantEmpty(t, "after the installation", temp)
}

func TestServedInstallerLeavesNothingOfWhatItRefuses(t *testing.T) {
	script, _ := served(t)
	for name, spoil := range map[string]func(*release){
		"wrong sum":    func(r *release) { r.sums = bytes.ReplaceAll(r.sums, []byte("  pinchwork"), []byte("0  pinchwork")) },
		"cut archive":  func(r *release) { r.archive = r.archive[:len(r.archive)/2] },
		"no release":   func(r *release) { r.version = "none" },
		"no such sums": func(r *release) { r.sums = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t)
			spoil(r)
			env, temp := bare(t)
			dir, out, err := pipe(t, script, r, env...)
			if err == nil {
				t.Errorf("it succeeds:\n%s", out)
			}
			wantEmpty(t, "the folder", dir)
			wantEmpty(t, "the temporary folder", temp)
		})
	}
	t.Run("no place", func(t *testing.T) {
		env, temp := bare(t)
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, out, err := pipe(t, script, newRelease(t), append(env, "PINCHWORK_INSTALL_DIR="+file)...); err == nil {
			t.Errorf("it succeeds:\n%s", out)
		}
		wantEmpty(t, "the temporary folder", temp)
	})
	t.Run("taken place", func(t *testing.T) {
		env, _ := bare(t)
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "pinchwork"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, out, err := pipe(t, script, newRelease(t), append(env, "PINCHWORK_INSTALL_DIR="+dir)...); err == nil {
			t.Errorf("it succeeds:\n%s", out)
		}
		wantEmpty(t, "the folder in its place", filepath.Join(dir, "pinchwork"))
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("beside it: %v, %v", entries, err)
		}
	})
}

// A download of the script that breaks off does nothing at all.
func TestServedInstallerThatIsCutOffDoesNothing(t *testing.T) {
	script, _ := served(t)
	env, temp := bare(t)
	release, asked := newRelease(t), atomic.Int32{}
	counting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		release.ServeHTTP(w, r)
	})
	lines := bytes.SplitAfter(bytes.TrimSuffix(script, []byte("\n")), []byte("\n"))
	for n := range lines {
		dir, out, _ := pipe(t, bytes.Join(lines[:n], nil), counting, env...)
		if strings.Contains(out, "pinchwork: ") || asked.Load() > 0 {
			t.Errorf("its first %d lines do something:\n%s", n, out)
		}
		wantEmpty(t, fmt.Sprint(n, " lines, the folder"), dir)
		wantEmpty(t, fmt.Sprint(n, " lines, the temporary folder"), temp)
	}
	if _, out, err := pipe(t, bytes.Join(lines, nil), counting, env...); err != nil || asked.Load() == 0 {
		t.Errorf("the whole of it: %v\n%s", err, out)
	}
}
