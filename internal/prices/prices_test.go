//go:build unix

package prices

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market/limits"
)

// sink is an answer of which only the size is kept.
type sink struct {
	header http.Header
	status int
	size   int64
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

func (s *sink) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	s.size += int64(len(p))
	return len(p), nil
}

// cost is what a request took.
type cost struct {
	processor       time.Duration
	allocated, sent int64
	status          int
}

// processorTime of this process. Nothing else runs in it.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure serves a request while the garbage collector rests: what it costs is
// in the bytes, and when it comes nobody can tell.
func (w *world) measure(r *http.Request) cost {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	answer := &sink{header: http.Header{}}
	runtime.ReadMemStats(&before)
	began := processorTime()
	w.server.ServeHTTP(answer, r)
	took := processorTime() - began
	runtime.ReadMemStats(&after)
	return cost{took, int64(after.TotalAlloc - before.TotalAlloc), answer.size, answer.status}
}

// best is the cheapest of five, since the machine may be busy with other things;
// fewer when the first is well within the price.
func (w *world) best(p price) cost {
	best := w.measure(p.make(w))
	for range 4 {
		if best.processor < p.processor/2*slower && best.allocated < p.allocated {
			break
		}
		again := w.measure(p.make(w))
		best.processor, best.allocated = min(best.processor, again.processor), min(best.allocated, again.allocated)
	}
	return best
}

var refusedOnPurpose = []string{"POST /v1/me/webhooks/{event_id}/redeliver", "POST /admin/login", "POST /admin/agents/{id}/redeliver", "POST /v1/admin/webhooks/redeliver", "/"}

// The most expensive request of each route keeps to its price, also when its
// client hangs up.
func TestEveryRouteKeepsToItsPrice(t *testing.T) {
	w := newWorld(t)
	for _, p := range list {
		got := w.best(p)
		runtime.GC()
		t.Logf("%-46s %d  %6.1f ms  %8.1f KiB  %8.1f KiB out", p.route, got.status,
			float64(got.processor)/float64(ms), float64(got.allocated)/float64(kib), float64(got.sent)/float64(kib))
		if got.processor > p.processor*slower {
			t.Errorf("%s takes %v of processor, its price is %v", p.route, got.processor, p.processor)
		}
		if slower == 1 && got.allocated > p.allocated {
			t.Errorf("%s takes %d bytes of memory, its price is %d", p.route, got.allocated, p.allocated)
		}
		if got.sent > p.sent {
			t.Errorf("%s sends %d bytes, its price is %d", p.route, got.sent, p.sent)
		}
		if got.status >= 400 && !slices.Contains(refusedOnPurpose, p.route) {
			t.Errorf("%s answers %d: this is not its most expensive request", p.route, got.status)
		}
		if got.status == http.StatusSeeOther && strings.HasPrefix(p.route, "GET ") && p.route != "GET /admin/login" {
			t.Errorf("%s leads elsewhere: who asked has no session", p.route)
		}
		w.hangUp(p)
	}
}

// A body may be as large as any, and hold nothing that an endpoint takes.
func TestTheLargestBodyKeepsToItsPrice(t *testing.T) {
	w := newWorld(t)
	for name, body := range map[string]string{
		"a long list":    `{"result":"x","more":[` + strings.Repeat("1,", (8<<20-1000)/2) + `1]}`,
		"a long text":    `{"result":"x","more":"` + strings.Repeat("漢", (8<<20-1000)/3) + `"}`,
		"many fields":    `{"result":"x"` + strings.Repeat(`,"aaaa":1`, (8<<20-1000)/9) + `}`,
		"a long deliver": `{"result":"` + strings.Repeat(`\u6f22`, limits.Result) + `"}`,
	} {
		p := known(name, func(w *world) *http.Request {
			return w.request("POST", "/v1/tasks/"+string(w.claimed(w.poster, w.worker))+"/deliver", w.worker.key, body)
		}).takes(300*ms, 32*mib, 4*mib)
		got := w.best(p)
		t.Logf("%s: %d, %v, %d bytes", name, got.status, got.processor, got.allocated)
		if got.processor > p.processor*slower || slower == 1 && got.allocated > p.allocated {
			t.Errorf("%s takes %v of processor and %d bytes", name, got.processor, got.allocated)
		}
	}
}

// hangUp checks the price of a request whose client goes away in the midst of it.
func (w *world) hangUp(p price) {
	r := p.make(w)
	ctx, cancel := context.WithCancel(w.ctx)
	defer time.AfterFunc(2*ms, cancel).Stop()
	defer cancel()
	began := processorTime()
	w.server.ServeHTTP(&sink{header: http.Header{}}, r.WithContext(ctx))
	if took := processorTime() - began; took > 3*p.processor*slower { // with the garbage collector at work
		w.t.Errorf("%s takes %v of processor after its client hung up, its price is %v", p.route, took, p.processor)
	}
	runtime.GC()
}

var update = flag.Bool("update", false, "write the tables of docs/price-list.md")

func row(p price) string {
	return fmt.Sprintf("| `%s` | %d ms | %s | %s | %s |\n", p.route, p.processor/ms, size(p.allocated), size(p.sent), p.kept)
}

func size(n int64) string {
	if n >= mib {
		return fmt.Sprintf("%d MiB", n/mib)
	}
	return fmt.Sprintf("%d KiB", n/kib)
}

const header = "| request | processor | memory | sent | kept |\n| --- | --- | --- | --- | --- |\n"

func TestThePriceListIsTheOneInTheDocuments(t *testing.T) {
	const file = "../../docs/price-list.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString(header)
	for _, p := range list {
		table.WriteString(row(p))
	}
	before, rest, found := strings.Cut(string(data), header)
	_, after, more := strings.Cut(rest, "\n\n")
	if !found || !more {
		t.Fatal("the page has no table of prices")
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+table.String()+"\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := before + table.String() + "\n" + after; want != string(data) {
		t.Errorf("the table in %s is not that of the test; run: go test ./internal/prices -run Documents -update", file)
	}
}

var pageRoute = regexp.MustCompile(`(?m)^\s+"((?:GET |POST )?/[^"]*)":\s`)

// A route without a price fails the test.
func TestEveryRouteHasAPrice(t *testing.T) {
	var want []string
	for _, r := range httpserver.Routes() {
		want = append(want, r.Method+" "+r.Path)
	}
	sources, err := filepath.Glob("../../httpserver/pages/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal(err)
	}
	for _, source := range sources {
		data, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		for _, found := range pageRoute.FindAllStringSubmatch(string(data), -1) {
			want = append(want, found[1])
		}
	}
	var have []string
	for _, p := range list {
		have = append(have, p.route)
	}
	slices.Sort(want)
	slices.Sort(have)
	for _, route := range want {
		if !slices.Contains(have, route) {
			t.Errorf("%s has no price", route)
		}
	}
	for _, route := range have {
		if !slices.Contains(want, route) {
			t.Errorf("%s has a price and is no route", route)
		}
	}
}
