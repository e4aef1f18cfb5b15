package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Tab is a page of a test. Its methods end the test when they fail, and belong
// to the test's goroutine.
type Tab struct {
	t      testing.TB
	ctx    context.Context
	record record
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// Visit goes to an address and waits until it is loaded.
func (tab *Tab) Visit(url string) {
	tab.t.Helper()
	tab.do("visiting "+url, chromedp.Navigate(url))
}

// Click clicks the first element that fits.
func (tab *Tab) Click(css string) {
	tab.t.Helper()
	tab.Until("document.querySelector(" + quote(css) + ")")
	tab.do("clicking "+css, chromedp.Click(chromedp.CSS(css)))
}

// Type types keys where the focus is.
func (tab *Tab) Type(keys string) {
	tab.t.Helper()
	tab.do("typing", chromedp.KeyEvent(keys))
}

// Size makes the window so large, in CSS pixels.
func (tab *Tab) Size(width, height int64) {
	tab.t.Helper()
	tab.do("resizing", chromedp.EmulateViewport(width, height))
}

// Scheme asks for "light" or "dark" pages.
func (tab *Tab) Scheme(scheme string) {
	tab.t.Helper()
	tab.do("choosing "+scheme, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// Scripts lets the scripts of pages run, or not. What the test itself evaluates runs
// all the same.
func (tab *Tab) Scripts(run bool) {
	tab.t.Helper()
	tab.do("switching scripts", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return err
	}))
}

// Eval returns what an expression of JavaScript is on the page.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// Until waits until an expression is true on the page. It may fail meanwhile,
// as it does while another page loads.
func (tab *Tab) Until(expression string) {
	tab.t.Helper()
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	ctx, cancel := context.WithTimeout(tab.ctx, 15*time.Second)
	defer cancel()
	for {
		if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && yes {
			return
		}
		select {
		case <-beat.C:
		case <-ctx.Done():
			tab.t.Fatalf("it never happens: %s\non the page: %.2000s", expression, tab.whatIsThere())
		}
	}
}

func (tab *Tab) whatIsThere() string {
	text, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Picture keeps what the whole page looks like, if PINCHWORK_ARTIFACTS names a
// folder.
func (tab *Tab) Picture(name string) {
	tab.t.Helper()
	dir := os.Getenv("PINCHWORK_ARTIFACTS")
	if dir == "" {
		return
	}
	data, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644)
	}
	if err != nil {
		tab.t.Fatalf("keeping the picture %s: %v", name, err)
	}
}
