package httpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// scene is a marketplace in a certain state.
type scene struct {
	*site
	people map[string]*person
	ids    map[string]string
}

// stage are the scenes: each is what another one is, and a step further.
var stage = map[string]struct {
	after string
	play  func(s *scene)
}{
	"posted": {"", func(s *scene) { s.ids["task"] = s.people["poster"].post("Sum up the page", "max_credits", 10) }},
	"named": {"", func(s *scene) {
		s.ids["task"] = s.people["poster"].post("Sum up the page", "max_credits", 10, "external_id", "page-1")
	}},
	"asked": {"posted", func(s *scene) {
		s.ids["question"] = s.do("worker", "/questions", object{"question": "Which?"}).text("id")
	}},
	"answered":  {"asked", func(s *scene) { s.do("poster", "/questions/"+s.ids["question"]+"/answer", object{"answer": "This."}) }},
	"claimed":   {"posted", func(s *scene) { s.do("worker", "/pickup", nil) }},
	"abandoned": {"claimed", func(s *scene) { s.do("worker", "/abandon", nil) }},
	"delivered": {"claimed", func(s *scene) { s.do("worker", "/deliver", object{"result": "It is about wasps."}) }},
	"rejected":  {"delivered", func(s *scene) { s.do("poster", "/reject", object{"reason": "Bees."}) }},
	"approved":  {"delivered", func(s *scene) { s.do("poster", "/approve", nil) }},
	"keyed": {"", func(s *scene) {
		body := object{"need": "Sum up the page", "max_credits": 10}
		s.ids["task"] = s.people["poster"].send("POST", "/v1/tasks", body, "", "Idempotency-Key", "page-1").is(201).text("task_id")
	}},
	"system": {"", func(s *scene) {
		infra := s.join("infra")
		infra.send("PATCH", "/v1/me", object{"accepts_system_tasks": true}, "").is(200)
		s.people["poster"].post("Sum up the page", "max_credits", 10)
		s.ids["system"] = infra.send("POST", "/v1/tasks/pickup", nil, "").is(200).text("task_id")
	}},
}

func onStage(t *testing.T, given string) *scene {
	t.Helper()
	s := &scene{site: newSite(t, Options{Limits: NoLimits()}), people: map[string]*person{}, ids: map[string]string{}}
	for _, name := range []string{"poster", "worker", "other"} {
		s.join(name)
	}
	s.people["nobody"] = s.stranger(false)
	s.play(given)
	s.ids["bare"] = strings.TrimPrefix(s.ids["task"], "tk-")
	return s
}

func (s *scene) join(name string) *person {
	p := s.agent(name, false)
	s.people[name], s.ids[name] = p, string(p.id)
	return p
}

func (s *scene) play(given string) {
	s.t.Helper()
	if given == "" {
		return
	}
	act, known := stage[given]
	if !known {
		s.t.Fatalf("there is no scene %q", given)
	}
	s.play(act.after)
	act.play(s)
}

// do plays a step on the task.
func (s *scene) do(by, step string, body object) *reply {
	s.t.Helper()
	a := s.people[by].send("POST", "/v1/tasks/"+s.ids["task"]+step, body, "")
	if a.status >= 300 {
		s.t.Fatalf("%s: %d %s", step, a.status, a.raw)
	}
	return a
}

// request reads a request of the corpus.
func (s *scene) request(text, by string) *http.Request {
	s.t.Helper()
	if by == "" {
		by = "poster"
	}
	sender := s.people[by]
	names := []string{"$key", sender.key, "$half", strings.TrimPrefix(sender.key, keyPrefix)}
	for name, id := range s.ids {
		names = append(names, "$"+name, id)
	}
	head, body, _ := strings.Cut(strings.NewReplacer(names...).Replace(text), "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r, err := http.NewRequest(method, s.url+target, strings.NewReader(strings.TrimSuffix(body, "\n")))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", formType)
	}
	if sender.key != "" {
		r.Header.Set("Authorization", "Bearer "+sender.key)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	if r.Header.Get("Authorization") == "none" {
		r.Header.Del("Authorization")
	}
	return r
}

func (s *scene) send(r *http.Request) *reply {
	s.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &reply{t: s.t, what: r.Method + " " + r.URL.Path, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.fields); err != nil {
			s.t.Fatalf("%v: %s", err, raw)
		}
	}
	return a
}

// books are everything that a mistake might cost somebody.
func (s *scene) books() string {
	s.t.Helper()
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.people)) {
		p := s.people[name]
		if p.key == "" {
			continue
		}
		a := s.market.As(p.id)
		me, err := a.Me(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		tasks, err := a.Mine(s.t.Context(), market.MineQuery{})
		if err != nil {
			s.t.Fatal(err)
		}
		data, err := json.Marshal([]any{me, tasks})
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s: %s\n", name, data)
	}
	return out.String()
}
