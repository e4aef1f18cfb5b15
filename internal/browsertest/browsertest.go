// Package browsertest drives pages in a real headless Chromium.
//
//	func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
//
//	tab := browsertest.Open(t)
//	tab.Visit(server.URL + "/")
//	tab.Until(`document.title.includes("Pinchwork")`)
//
// A test binary has one browser, each test a profile and a tab of its own. The
// program is what PINCHWORK_TEST_CHROMIUM names, or chromium or google-chrome
// from PATH. Without it a test is skipped, or fails when PINCHWORK_TEST_REQUIRE
// contains "chromium".
package browsertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds everything that a test does in a tab.
const patience = 3 * time.Minute

// shared is the browser of this test binary.
var shared struct {
	sync.Mutex
	ctx   context.Context
	close func()
}

// Main runs the tests and closes the browser that they used.
func Main(m *testing.M) int {
	defer func() {
		if shared.close != nil {
			shared.close()
		}
	}()
	return m.Run()
}

// Open opens a tab in a profile of its own until the test ends.
func Open(t testing.TB) *Tab {
	t.Helper()
	browser := start(t)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	ctx, stop := context.WithTimeout(ctx, patience)
	t.Cleanup(func() { stop(); cancel() })
	tab := &Tab{t: t, ctx: ctx}
	tab.watch()
	return tab
}

func start(t testing.TB) context.Context {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.ctx != nil {
		return shared.ctx
	}
	program, err := find()
	if err == nil && testing.Short() {
		err = errors.New("-short starts no browser")
	}
	if err != nil {
		Missing(t, "chromium", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.Flag("disable-dev-shm-usage", true))
	if os.Getuid() == 0 { // Chromium refuses to sandbox what root runs
		opts = append(opts, chromedp.NoSandbox)
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		end()
		t.Fatalf("starting %s: %v", program, err)
	}
	shared.ctx, shared.close = ctx, func() { cancel(); end() }
	return ctx
}

func find() (string, error) {
	if name := os.Getenv("PINCHWORK_TEST_CHROMIUM"); name != "" {
		return exec.LookPath(name)
	}
	if path, err := exec.LookPath("chromium"); err == nil {
		return path, nil
	}
	return exec.LookPath("google-chrome")
}

// Missing skips the test, unless PINCHWORK_TEST_REQUIRE names what is missing.
func Missing(t testing.TB, what string, why any) {
	t.Helper()
	if strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), what) {
		t.Fatalf("no %s: %v", what, why)
	}
	t.Skipf("SKIPPED: no %s (%v); this test proves nothing about the pages", what, why)
}
