package httpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// greeter is a handler behind a door: it says what the caller's profile is.
func greeter(*Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api := Agent(r.Context())
		if api == nil {
			_, _ = fmt.Fprint(w, "hello stranger at "+r.URL.Path)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		me, err := api.Me(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		_, _ = fmt.Fprintf(w, "hello %s, %d bytes", me.Name, len(body))
	})
}

func TestADoorAdmitsLikeTheAPI(t *testing.T) { onEveryStore(t, checkDoorAdmits) }

func checkDoorAdmits(t *testing.T, with pinchwork.Option) {
	s := newSessions(t, Options{
		Limits: Limits{Read: Limit{3, time.Hour}, Register: Unlimited}, MaxBodyBytes: 1 << 10,
		Doors: []Door{{Path: "/greet", Open: greeter}, {Path: "/card.json", Public: true, Open: greeter}, {Path: "/tree/", Public: true, Open: greeter}},
	}, with)
	bob := s.site.agent("bob", false)
	get := func(path, key, user, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-User", user)
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = w.Body.Close() }()
		got, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.StatusCode, string(got)
	}
	for _, c := range []struct {
		path, key, user, body string
		status                int
		says                  string
	}{
		{"/greet", "", "", "", 401, `"code":"unauthorized"`},
		{"/greet", "pwk-" + strings.Repeat("x", 44), "", "", 401, `"code":"unauthorized"`},
		{"/greet", bob.key, "", "four", 200, "hello bob, 4 bytes"},
		{"/greet/", "", "ada", "", 200, "hello ada"},
		{"/greet", "", "mallory", "", 401, `"code":"unauthorized"`},
		{"/greet", "", "away", "", 503, `"code":"unavailable"`},
		{"/greet", bob.key, "", strings.Repeat("x", 1<<10+1), 413, "too_large"},
		{"/greet", bob.key, "", "", 200, "hello bob"},
		{"/greet", bob.key, "", "", 200, "hello bob"}, // the third call
		{"/greet", bob.key, "", "", 418, "Rate limit exceeded"},
		{"/v1/me", bob.key, "", "", 405, ""},
		{"/greet/more", bob.key, "", "", 404, "not_found"},
		{"/greeting", bob.key, "", "", 404, "not_found"},
		{"/card.json", "", "", "", 200, "hello stranger"},
		{"/tree", "", "", "", 200, "hello stranger at /tree"},
		{"/tree/a/b", "", "", "", 200, "hello stranger at /tree/a/b"},
		{"/card.json", "", "", "", 429, "rate_limited"},
	} {
		if status, says := get(c.path, c.key, c.user, c.body); status != c.status || !strings.Contains(says, c.says) {
			t.Errorf("%s: %d %s, want %d %s", c.path, status, says, c.status, c.says)
		}
	}
	bob.send("GET", "/v1/me", nil, "").is(429)
	if !s.server.HasDoor("/tree/x") || s.server.HasDoor("/v1/me") || s.server.HasDoor("/") {
		t.Error("the server does not know its doors")
	}
}

// routesOf are the routes whose limits the operations of an agent are charged to.
var routesOf = map[string]string{
	"Me": "me", "UpdateMe": "updateMe", "RotateKey": "rotateKey", "Credits": "credits", "Stats": "stats", "Trust": "trust",
	"Post": "createTask", "PostBatch": "createTasks", "Browse": "browseTasks", "Explain": "explainTask", "Estimate": "estimateTask", "Tags": "listTags", "Mine": "myTasks", "Task": "getTask",
	"Pickup": "pickupTask", "PickupTask": "pickupTaskById", "PickupBatch": "pickupBatch", "Deliver": "deliverTask",
	"Approve": "approveTask", "Reject": "rejectTask", "Cancel": "cancelTask", "Abandon": "abandonTask", "Progress": "reportProgress",
	"Rate": "ratePoster", "ReportTask": "reportTask", "Ask": "askQuestion", "Answer": "answerQuestion", "Questions": "listQuestions",
	"SendMessage": "sendMessage", "Messages": "listMessages", "Events": "events", "DeadLetters": "deadWebhooks",
	"Redeliver": "redeliverWebhook", "Agent": "getAgent", "Agents": "searchAgents",
}

// admissions refuses every charge, and tells which it was.
type admissions struct {
	*market.Market
	last string
}

var errCharged = &market.Error{Kind: market.ErrRateLimited, Code: market.CodeRateLimited, Message: "charged"}

func (a *admissions) AdmitAgent(_ context.Context, _ market.AgentID, charge *market.Charge) (market.Admitted, error) {
	a.last = charge.Bucket
	return market.Admitted{}, errCharged
}

func TestAVisitorIsChargedLikeTheRoutes(t *testing.T) {
	m := newSite(t, Options{}).market
	backend := &admissions{Market: m}
	for off, want := range map[bool]error{false: market.ErrRateLimited, true: market.ErrNotFound} {
		o := Options{}
		if off {
			for _, route := range routesOf {
				o.Off = append(o.Off, route)
			}
		}
		server, err := newServer(backend, o)
		if err != nil {
			t.Fatal(err)
		}
		v := &visitor{server: server, id: "ag-x", as: m.As("ag-x"), request: t.Context()}
		for method := range reflect.TypeFor[market.AgentAPI]().Methods() {
			if method.Name == "ID" {
				continue
			}
			backend.last = ""
			if err := callZero(t, v, method.Name); !errors.Is(err, want) {
				t.Errorf("%s, off %v: %v", method.Name, off, err)
			}
			if route := routesOf[method.Name]; route == "" || backend.last != string(server.classes[route]) {
				t.Errorf("%s is charged to %q, its route %q to %q", method.Name, backend.last, route, server.classes[route])
			}
		}
	}
}

// callZero calls a method of AgentAPI with empty input.
func callZero(t *testing.T, api market.AgentAPI, name string) error {
	method := reflect.ValueOf(api).MethodByName(name)
	in := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.Type().NumIn(); i++ {
		in = append(in, reflect.Zero(method.Type().In(i)))
	}
	out := method.Call(in)
	if name == "Events" {
		for _, err := range api.Events(t.Context(), "") {
			return err
		}
	}
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

// A wait behind a door ends with the server, as one under /v1 does.
func TestAWaitBehindADoorEndsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waited := make(chan time.Duration, 1)
		s := &stub{post: func(ctx context.Context, _ market.PostInput) (market.Posted, error) {
			<-ctx.Done()
			return market.Posted{}, nil
		}}
		server := s.server(t, Options{Doors: []Door{{Path: "/wait", Open: func(*Server) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				began := time.Now()
				_, _ = Agent(r.Context()).Post(context.WithoutCancel(r.Context()), market.PostInput{Need: "x", Wait: time.Minute})
				waited <- time.Since(began)
			})
		}}}})
		go func() {
			time.Sleep(10 * time.Second)
			server.Close()
		}()
		expect(t, ask(server, "POST", "/wait", ""), 200)
		if took := <-waited; took != 10*time.Second+waitGrace {
			t.Errorf("it waited for %v", took)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, hangUp)
		r := httptest.NewRequest(http.MethodPost, "/wait", nil).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer "+stubKey)
		again := s.server(t, server.options)
		again.ServeHTTP(httptest.NewRecorder(), r)
		if took := <-waited; took != time.Second {
			t.Errorf("after its client hung up it waited for %v", took)
		}
	})
}

func TestDoorsThatCannotBe(t *testing.T) {
	for _, doors := range [][]Door{
		{{Path: "/x"}},
		{{Path: "", Open: greeter}},
		{{Path: "/", Open: greeter}},
		{{Path: "x", Open: greeter}},
		{{Path: "/a//b", Open: greeter}},
		{{Path: "/v1/x", Open: greeter}},
		{{Path: "/v1", Open: greeter}},
		{{Path: "/health", Open: greeter}},
		{{Path: "/x", Open: greeter}, {Path: "/x/", Open: greeter}},
	} {
		if _, err := newServer(&stub{}, Options{Doors: doors}); err == nil {
			t.Errorf("these doors open: %v", doors)
		}
	}
}

// A stream behind a door may pause for as long as it likes, and a client that does not
// read is cut.
func TestAnswersOfADoorArePaced(t *testing.T) {
	cut := make(chan error, 1)
	server := (&stub{}).server(t, Options{Doors: []Door{{Path: "/pause", Open: func(s *Server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, word := range []string{"a", "b"} {
				_, _ = fmt.Fprint(w, word)
				w.(http.Flusher).Flush()
				<-time.After(2 * s.writing.within)
			}
		})
	}}, {Path: "/flood", Open: func(*Server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(make([]byte, maxOwn))
			cut <- err
		})
	}}, {Path: "/large", Open: func(*Server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, bigAnswer+1)) })
	}}}}).hasty()
	live := httptest.NewServer(server)
	defer live.Close()
	const request = "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + stubKey + "\r\nContent-Length: 0\r\n\r\n"
	all, err := io.ReadAll(raw(t, live, request, "/pause"))
	if err != nil || !strings.Contains(string(all), "\r\nb\r\n") {
		t.Errorf("the stream gave %q, %v", all, err)
	}
	if w := ask(server, "POST", "/large", ""); w.Code != http.StatusOK || w.Body.Len() != bigAnswer+1 {
		t.Errorf("a large answer is %d, %d bytes", w.Code, w.Body.Len())
	}
	server.underWay.add(string(stubAgent), maxOwn-bigAnswer)
	expect(t, ask(server, "POST", "/large", ""), 429, "still being sent")
	server.underWay.remove(string(stubAgent), maxOwn-bigAnswer)
	raw(t, live, request, "/flood")
	select {
	case err := <-cut:
		if err == nil {
			t.Error("all was written to a client that does not read")
		}
	case <-time.After(patience):
		t.Error("a client that does not read holds its handler")
	}
}
