package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// record is what a tab asked for, and what its browser complained of.
type record struct {
	sync.Mutex
	requests   []string
	complaints []string
}

// tellViolations makes a broken content security policy an error of the
// console, whatever the policy reports by itself.
const tellViolations = `addEventListener("securitypolicyviolation", e => console.error("policy violation: " + e.violatedDirective + " " + e.blockedURI))`

// watch records from before the first page on.
func (tab *Tab) watch() {
	tab.t.Helper()
	if err := chromedp.Listen(tab.ctx, tab.record.note); err != nil {
		tab.t.Fatalf("opening a tab: %v", err)
	}
	tab.do("watching the tab", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: tellViolations})
		return err
	}))
}

func (r *record) note(event any) {
	r.Lock()
	defer r.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r.requests = append(r.requests, e.Request.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			r.complaints = append(r.complaints, fmt.Sprintf("%s %s", e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			r.complaints = append(r.complaints, spoken(e.Args))
		}
	case *runtime.EventExceptionThrown:
		r.complaints = append(r.complaints, "uncaught: "+e.ExceptionDetails.Text)
	}
}

func spoken(args []*runtime.RemoteObject) string {
	data, err := json.Marshal(args)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Clean fails the test if since the last time anything was asked of another server than
// origin, or if the console has an error or a warning.
func (tab *Tab) Clean(origin string) {
	tab.t.Helper()
	Eval[bool](tab, "true") // what came before it has been noted
	tab.record.Lock()
	defer tab.record.Unlock()
	if len(tab.record.requests) == 0 {
		tab.t.Error("no request was seen at all")
	}
	for _, address := range tab.record.requests {
		if foreign(address, origin) {
			tab.t.Errorf("it asked for %s", address)
		}
	}
	for _, complaint := range tab.record.complaints {
		tab.t.Errorf("the console says: %s", complaint)
	}
	tab.record.requests, tab.record.complaints = nil, nil
}

// foreign tells addresses that leave the server from its own and from data in
// the page itself.
func foreign(address, origin string) bool {
	u, err := url.Parse(address)
	return err != nil || u.Scheme != "data" && u.Scheme != "blob" && !strings.HasPrefix(address, origin+"/")
}

func quote(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}
