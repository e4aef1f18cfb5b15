package httpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// The lifecycle over HTTP on the memory store is compared to a handler that
// only decodes the same requests and writes replies of the same size:
//
//	go test -run '^$' -bench 'Lifecycle' -count 5 ./httpserver
//
// The goal is a rate of at least 0.6 of the bare one; each round runs both in
// turn and prints the ratio.

const benchNeed = "Review this API endpoint for vulnerabilities: it takes a user id and a body and builds an SQL statement of both."

// pair is a poster and a worker with a connection each.
type pair struct {
	url            string
	poster, worker string // keys
	client         *http.Client
}

func (p *pair) call(key, path, body string) (answer sample, err error) {
	r, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		return answer, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	res, err := p.client.Do(r)
	if err != nil {
		return answer, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode > 299 {
		err = fmt.Errorf("%s: %s", res.Status, data)
	}
	return sample{data, res.Header}, err
}

// sample is an answer of the market, for the bare handler to give too.
type sample struct {
	body   []byte
	header http.Header
}

func (p *pair) lifecycle() (replies [4]sample, err error) {
	if replies[0], err = p.call(p.poster, "/v1/tasks", `{"need":"`+benchNeed+`","context":"settings service","max_credits":1}`); err != nil {
		return replies, err
	}
	var posted struct {
		TaskID string `json:"task_id"`
	}
	if err := json.Unmarshal(replies[0].body, &posted); err != nil {
		return replies, err
	}
	at := "/v1/tasks/" + posted.TaskID
	if replies[1], err = p.call(p.worker, at+"/pickup", ""); err != nil {
		return replies, err
	}
	if replies[2], err = p.call(p.worker, at+"/deliver", `{"result":"`+benchNeed+`","credits_claimed":1}`); err != nil {
		return replies, err
	}
	replies[3], err = p.call(p.poster, at+"/approve", `{"rating":5}`)
	return replies, err
}

// bare decodes what the market's handler decodes and answers as much, headers
// included.
type bare struct{ replies [4]sample }

func (h *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var kind int
	var in any
	switch {
	case strings.HasSuffix(r.URL.Path, "/pickup"):
		kind, in = 1, new(struct{})
	case strings.HasSuffix(r.URL.Path, "/deliver"):
		kind, in = 2, new(wire.Deliver)
	case strings.HasSuffix(r.URL.Path, "/approve"):
		kind, in = 3, new(wire.Approve)
	default:
		kind, in = 0, new(wire.Post)
	}
	data, err := io.ReadAll(r.Body)
	if err == nil && len(data) > 0 {
		err = json.Unmarshal(data, in)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for name, values := range h.replies[kind].header {
		w.Header()[name] = values
	}
	_, _ = w.Write(h.replies[kind].body)
}

func benchPair(tb testing.TB) (*site, *pair) {
	s := newSite(tb, Options{Limits: Limits{
		Create: Limit{maxLimitCount, 1e9}, Pickup: Limit{maxLimitCount, 1e9}, Deliver: Limit{maxLimitCount, 1e9}, Read: Limit{maxLimitCount, 1e9}, Register: Unlimited,
	}})
	poster, worker := s.agent("poster", false), s.agent("worker", false)
	s.operator(false).send("POST", "/v1/admin/credits/grant", object{"agent_id": poster.id, "amount": 900_000_000}, "").is(200)
	return s, &pair{s.url, poster.key, worker.key, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

func BenchmarkLifecycle(b *testing.B) {
	_, full := benchPair(b)
	replies, err := full.lifecycle()
	if err != nil {
		b.Fatal(err)
	}
	h := &bare{replies}
	for i := range h.replies {
		h.replies[i].header.Del("Date") // net/http writes it
	}
	live := httptest.NewServer(h)
	defer live.Close()
	minimal := *full
	minimal.url = live.URL
	const round = 40 // lifecycles of each kind in turn
	var spent [2]int64
	b.ResetTimer()
	for range b.N {
		spent[0] += timed(b, full, round)
		spent[1] += timed(b, &minimal, round)
	}
	b.StopTimer()
	rate := func(i int) float64 { return float64(b.N*round) / float64(spent[i]) * 1e9 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate(0), "market/s")
	b.ReportMetric(rate(1), "bare/s")
	b.ReportMetric(rate(0)/rate(1), "ratio")
}

// timed runs lifecycles on four connections and returns nanoseconds.
func timed(b *testing.B, p *pair, count int) int64 {
	const clients = 4
	start := time.Now()
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for range count / clients {
				if _, err := p.lifecycle(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	return time.Since(start).Nanoseconds()
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"need":"` + benchNeed + `","context":"settings service","max_credits":15,"tags":["go","security"]}`)
	postFields := fieldsOf(reflect.TypeFor[wire.Post]())
	b.Run("fields", func(b *testing.B) {
		var members []member
		for b.Loop() {
			var err error
			members, err = jsonMembers(members[:0], body, postFields, &strangers{})
			if err != nil {
				b.Fatal(err)
			}
			var in wire.Post
			if err := postFields.fill(reflect.ValueOf(&in).Elem(), members, &strangers{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			var in wire.Post
			if err := json.NewDecoder(bytes.NewReader(body)).Decode(&in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMarkdownAnswer(b *testing.B) {
	object, _ := json.Marshal(market.Pickup{TaskID: "tk-1", Need: benchNeed, Tags: []string{"go"}, PosterID: "ag-1"})
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		writeMarkdown(&out, object, "")
	}
}
