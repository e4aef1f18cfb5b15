package prices

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

const operatorKey = "operators-secret"

// world is a marketplace that is as expensive as the limits allow: long texts,
// many tags, long lists.
type world struct {
	t      *testing.T
	ctx    context.Context
	market *market.Market
	server *httpserver.Server
	// poster has long tasks with long results, worker did them and has been rated
	// on thousands of tags, crowd are other agents.
	poster, worker *agent
	crowd          []*agent
	// long is a delivered task with the longest texts, talked one with a long
	// conversation, asked one with many questions.
	long, talked, asked market.TaskID
	cookie, csrf        string
	// ownerCookie and ownerCSRF are of the poster's owner.
	ownerCookie, ownerCSRF string
}

type agent struct {
	id  market.AgentID
	key string
	api market.AgentAPI
}

const (
	rated    = 1_000 // tasks of ten tags each
	open     = 2_000
	longOnes = 8
)

func newWorld(t *testing.T) *world {
	m, err := pinchwork.New(pinchwork.WithPolicy(func(p *market.Policy) {
		p.InitialCredits, p.MaxOpenClaims, p.NewcomerClaims = 1_000_000, 0, 0
	}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := httpserver.New(m, httpserver.Options{AdminKey: operatorKey, Limits: httpserver.NoLimits(), Pages: pages.New(m)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), market: m, server: s}
	w.poster, w.worker = w.agent("poster"), w.agent("worker")
	for i := range 120 {
		w.crowd = append(w.crowd, w.agent(fmt.Sprintf("agent %d", i)))
	}
	w.fillTasks()
	w.fillTalk()
	w.logIn()
	w.signIn()
	return w
}

// ok stops the test when something that only prepares it fails.
func ok[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) agent(name string) *agent {
	r := ok(w.market.Register(w.ctx, market.RegisterInput{Name: name, GoodAt: strings.Repeat("words ", 300)}))
	return &agent{r.AgentID, string(r.APIKey), w.market.As(r.AgentID)}
}

func (w *world) post(by *agent, need, background string, tags ...string) market.TaskID {
	return ok(by.api.Post(w.ctx, market.PostInput{Need: need, Context: background, Tags: tags, MaxCredits: 1})).TaskID
}

// longTask posts a task with the longest texts.
func (w *world) longTask(by *agent) market.TaskID {
	return w.post(by, strings.Repeat("漢", limits.Need), strings.Repeat("字", limits.Context))
}

func (w *world) claimed(poster, worker *agent) market.TaskID {
	id := w.post(poster, "need", "")
	ok(worker.api.PickupTask(w.ctx, id))
	return id
}

func (w *world) delivered(poster, worker *agent) market.TaskID {
	id := w.claimed(poster, worker)
	ok(worker.api.Deliver(w.ctx, id, market.DeliverInput{Result: "result"}))
	return id
}

// longDelivered has the longest texts, of characters that JSON writes as six.
func (w *world) longDelivered(poster, worker *agent) market.TaskID {
	id := w.longTask(poster)
	ok(worker.api.PickupTask(w.ctx, id))
	ok(worker.api.Deliver(w.ctx, id, market.DeliverInput{Result: strings.Repeat("漢", limits.Result)}))
	return id
}

func (w *world) fillTasks() {
	for i := range rated {
		var tags []string
		for j := range limits.Tags {
			tags = append(tags, fmt.Sprintf("%s-%d-%d", strings.Repeat("t", 35), i, j))
		}
		poster := w.crowd[i%len(w.crowd)]
		id := w.post(poster, "x", "", tags...)
		ok(w.worker.api.PickupTask(w.ctx, id))
		ok(w.worker.api.Deliver(w.ctx, id, market.DeliverInput{Result: "x"}))
		ok(poster.api.Approve(w.ctx, id, market.ApproveInput{Rating: 5}))
	}
	for i := range open {
		w.post(w.crowd[i%len(w.crowd)], fmt.Sprintf("some words about number %d", i), "and more of them", fmt.Sprintf("o-%d", i), "common")
	}
	for range longOnes {
		w.long = w.longDelivered(w.poster, w.worker)
	}
	for i := range 12 {
		w.longTask(w.crowd[i])
	}
}

func (w *world) fillTalk() {
	w.talked = w.claimed(w.poster, w.worker)
	w.asked = w.post(w.poster, "need", "")
	message, question, answer := strings.Repeat("漢", limits.Reason), strings.Repeat("字", limits.Question), strings.Repeat("字", limits.Reason)
	for range limits.TalkBytes/len(message) - 1 { // one more can be sent
		ok(w.worker.api.SendMessage(w.ctx, w.talked, message))
	}
	for range limits.TalkBytes / len(question+answer) {
		q := ok(w.worker.api.Ask(w.ctx, w.asked, question))
		ok(w.poster.api.Answer(w.ctx, w.asked, q.ID, answer))
	}
	for _, a := range w.crowd {
		ok(a.api.ReportTask(w.ctx, w.asked, strings.Repeat("漢", limits.Reason)))
	}
}

// request makes a request with a JSON body, or a form where body is url.Values.
func (w *world) request(method, target, key string, body any) *http.Request {
	var data []byte
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		data = []byte(b)
	case url.Values:
		data, contentType = []byte(b.Encode()), "application/x-www-form-urlencoded"
	default:
		data = ok(json.Marshal(b))
	}
	r := httptest.NewRequest(method, target, bytes.NewReader(data)).WithContext(w.ctx)
	if body != nil {
		r.Header.Set("Content-Type", contentType)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if strings.HasPrefix(r.URL.Path, "/admin") {
		r.Header.Set("Cookie", w.cookie)
	}
	return r
}

// logIn opens a session of the operator's pages.
func (w *world) logIn() {
	in := httptest.NewRecorder()
	w.server.ServeHTTP(in, w.request("POST", "/admin/login", "", url.Values{"key": {operatorKey}}))
	w.cookie, _, _ = strings.Cut(in.Header().Get("Set-Cookie"), ";")
	page := httptest.NewRecorder()
	w.server.ServeHTTP(page, w.request("GET", "/admin/agents/"+string(w.worker.id), "", nil))
	if found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page.Body.String()); found != nil {
		w.csrf = found[1]
	} else {
		w.t.Fatalf("no session: %d %.300s", page.Code, page.Body)
	}
}

// signIn opens a session of the poster's owner.
func (w *world) signIn() {
	in := httptest.NewRecorder()
	w.server.ServeHTTP(in, w.request("POST", "/sign-in", "", url.Values{"key": {w.poster.key}}))
	w.ownerCookie, _, _ = strings.Cut(in.Header().Get("Set-Cookie"), ";")
	page := httptest.NewRecorder()
	w.server.ServeHTTP(page, w.owned("GET", "/tasks/new", nil))
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page.Body.String())
	if found == nil {
		w.t.Fatalf("no session: %d %.300s", page.Code, page.Body)
	}
	w.ownerCSRF = found[1]
}

// owned is a request of the poster's owner, with its form.
func (w *world) owned(method, path string, form url.Values) *http.Request {
	if form == nil {
		r := w.request(method, path, "", nil)
		r.Header.Set("Cookie", w.ownerCookie)
		return r
	}
	filled := url.Values{"csrf": {w.ownerCSRF}, "once": {rand.Text()}}
	for name, values := range form {
		filled[name] = values
	}
	r := w.request(method, path, "", filled)
	r.Header.Set("Cookie", w.ownerCookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}
