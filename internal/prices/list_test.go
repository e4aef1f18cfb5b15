package prices

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

const (
	ms  = time.Millisecond
	kib = int64(1) << 10
	mib = int64(1) << 20
)

// price is what a request may cost at most.
type price struct {
	route     string // method and path
	processor time.Duration
	// allocated is all the memory that the request asks for, so at least what it
	// holds at any moment; sent is the size of the answer.
	allocated, sent int64
	// kept says what stays behind.
	kept string
	// make prepares what the request needs and returns the most expensive one.
	make func(w *world) *http.Request
}

// prices of requests that are not the usual ones.
func (p price) takes(processor time.Duration, allocated, sent int64) price {
	p.processor, p.allocated, p.sent = processor, allocated, sent
	return p
}

func (p price) keeps(what string) price { p.kept = what; return p }

// anyone, agents and operators have the prices that hold unless something else
// is said.
func anyone(route string, make func(w *world) *http.Request) price {
	return price{route: route, processor: 20 * ms, allocated: 4 * mib, sent: 256 * kib, kept: "nothing", make: make}
}

func known(route string, make func(w *world) *http.Request) price {
	return price{route: route, processor: 100 * ms, allocated: 32 * mib, sent: 64 * kib, kept: "nothing", make: make}
}

// reads makes a request without a body.
func reads(target func(w *world) (path, key string)) func(*world) *http.Request {
	return func(w *world) *http.Request {
		path, key := target(w)
		return w.request("GET", path, key, nil)
	}
}

func plain(path string) func(*world) *http.Request {
	return func(w *world) *http.Request { return w.request("GET", path, "", nil) }
}

var (
	// terms is a search of as many terms as there may be.
	terms  = "search=" + url.QueryEscape("some words about number and more of them o w r n m a s b")
	reason = strings.Repeat("漢", limits.Reason)
)

// list is the price list of the API and the pages.
var list = append(api, site...)

var api = []price{
	anyone("POST /v1/register", func(w *world) *http.Request {
		return w.request("POST", "/v1/register", "", `{"name":"x","good_at":"`+strings.Repeat("漢字 ", limits.GoodAt/3)+`","more":["`+strings.Repeat(`t","`, 2_000_000)+`"]}`)
	}).takes(200*ms, 24*mib, 256*kib).keeps("an agent, 10 KiB"),
	anyone("GET /v1/agents", plain("/v1/agents?limit=100&search="+url.QueryEscape("words agent a e n t w o r d s o d"))).takes(20*ms, 4*mib, 1*mib),
	anyone("GET /v1/agents/{id}", reads(func(w *world) (string, string) { return "/v1/agents/" + string(w.worker.id), "" })),
	anyone("GET /v1/tags", plain("/v1/tags?limit=100")).takes(20*ms, 4*mib, 256*kib),
	known("POST /v1/tasks/estimate", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/estimate", w.worker.key, map[string]any{"need": strings.Repeat("\ufdfa", limits.Need)})
	}).takes(150*ms, 48*mib, 4*kib),
	known("POST /v1/tasks", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks", w.crowd[20].key, map[string]any{
			"need": strings.Repeat("\ufdfa", limits.Need), "context": strings.Repeat("ﷺ", limits.Context), "max_credits": 1,
		})
	}).takes(150*ms, 48*mib, 512*kib).keeps("a task, 600 KB of texts and their index"),
	known("POST /v1/tasks/batch", func(w *world) *http.Request {
		tasks, most := make([]map[string]any, limits.PostBatch), 2_600
		if slower > 1 {
			most = 400 // watched by the race detector more takes longer than a server gives to one request
		}
		for i := range tasks {
			tasks[i] = map[string]any{"need": strings.Repeat("\ufdfa", most), "max_credits": 1}
		}
		return w.request("POST", "/v1/tasks/batch", w.crowd[21].key, map[string]any{"tasks": tasks})
	}).takes(1000*ms, 256*mib, 1*mib).keeps("100 tasks, 768 KiB of texts and their index"),
	known("GET /v1/tasks/available", reads(func(w *world) (string, string) {
		return "/v1/tasks/available?limit=100&search=" + url.QueryEscape("漢漢 字字"), w.worker.key
	})).takes(100*ms, 32*mib, 5*mib),
	known("GET /v1/tasks/mine", reads(func(w *world) (string, string) { return "/v1/tasks/mine?limit=100&order=credits", w.worker.key })).takes(100*ms, 32*mib, 5*mib),
	known("GET /v1/tasks/{id}", reads(func(w *world) (string, string) { return "/v1/tasks/" + string(w.long), w.poster.key })).takes(100*ms, 32*mib, 4*mib),
	known("GET /v1/tasks/{id}/offer", reads(func(w *world) (string, string) {
		return "/v1/tasks/" + string(w.long) + "/offer?" + terms, w.worker.key
	})).takes(100*ms, 32*mib, 1*mib),
	known("POST /v1/tasks/{id}/approve", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.longDelivered(w.crowd[30], w.crowd[31]))+"/approve", w.crowd[30].key, map[string]any{"rating": 5, "feedback": reason})
	}).takes(100*ms, 32*mib, 4*mib).keeps("the feedback, ledger lines, an event"),
	known("POST /v1/tasks/{id}/reject", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.longDelivered(w.crowd[32], w.crowd[33]))+"/reject", w.crowd[32].key, map[string]any{"reason": reason, "feedback": reason})
	}).takes(100*ms, 32*mib, 4*mib).keeps("reason and feedback, an event"),
	known("POST /v1/tasks/{id}/cancel", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.longTask(w.crowd[34]))+"/cancel", w.crowd[34].key, nil)
	}).takes(100*ms, 32*mib, 1*mib).keeps("ledger lines"),
	known("POST /v1/tasks/{id}/report", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.post(w.poster, "x", ""))+"/report", w.worker.key, map[string]any{"reason": reason})
	}).keeps("a report, 20 KB"),
	known("POST /v1/tasks/pickup", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/pickup?"+terms, w.worker.key, nil)
	}).keeps("a claim, an event"),
	known("POST /v1/tasks/pickup/batch", func(w *world) *http.Request {
		for range 10 {
			w.longTask(w.crowd[35])
		}
		return w.request("POST", "/v1/tasks/pickup/batch?count=10&search="+url.QueryEscape("漢漢"), w.crowd[36].key, nil)
	}).takes(100*ms, 48*mib, 6*mib).keeps("10 claims and events"),
	known("POST /v1/tasks/{id}/pickup", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.longTask(w.crowd[37]))+"/pickup", w.crowd[38].key, nil)
	}).takes(100*ms, 32*mib, 1*mib).keeps("a claim, an event"),
	known("POST /v1/tasks/{id}/deliver", func(w *world) *http.Request {
		id := w.longTask(w.crowd[39])
		ok(w.crowd[40].api.PickupTask(w.ctx, id))
		return w.request("POST", "/v1/tasks/"+string(id)+"/deliver", w.crowd[40].key, map[string]any{"result": strings.Repeat("漢", limits.Result)})
	}).takes(100*ms, 32*mib, 4*mib).keeps("a result, 2 MB, an event"),
	known("POST /v1/tasks/{id}/abandon", func(w *world) *http.Request {
		id := w.longTask(w.crowd[41])
		ok(w.crowd[42].api.PickupTask(w.ctx, id))
		return w.request("POST", "/v1/tasks/"+string(id)+"/abandon", w.crowd[42].key, nil)
	}).takes(100*ms, 32*mib, 1*mib).keeps("nothing more"),
	known("POST /v1/tasks/{id}/progress", func(w *world) *http.Request {
		id := w.longTask(w.crowd[41])
		ok(w.crowd[42].api.PickupTask(w.ctx, id))
		return w.request("POST", "/v1/tasks/"+string(id)+"/progress", w.crowd[42].key, map[string]any{"note": strings.Repeat("漢", limits.Note), "percent": 50})
	}).takes(100*ms, 32*mib, 1*mib).keeps("a note, an event a second"),
	known("POST /v1/tasks/{id}/rate", func(w *world) *http.Request {
		id := w.delivered(w.poster, w.worker)
		ok(w.poster.api.Approve(w.ctx, id, market.ApproveInput{}))
		return w.request("POST", "/v1/tasks/"+string(id)+"/rate", w.worker.key, map[string]any{"rating": 5, "feedback": reason})
	}).keeps("a rating, an event"),
	known("GET /v1/tasks/{id}/questions", reads(func(w *world) (string, string) { return "/v1/tasks/" + string(w.asked) + "/questions", w.worker.key })).takes(100*ms, 32*mib, 5*mib),
	known("POST /v1/tasks/{id}/questions", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.post(w.poster, "x", ""))+"/questions", w.worker.key, map[string]any{"question": strings.Repeat("漢", limits.Question)})
	}).keeps("a question, 4 KB, an event"),
	known("POST /v1/tasks/{id}/questions/{qid}/answer", func(w *world) *http.Request {
		id := w.post(w.poster, "x", "")
		q := ok(w.worker.api.Ask(w.ctx, id, "?"))
		return w.request("POST", "/v1/tasks/"+string(id)+"/questions/"+string(q.ID)+"/answer", w.poster.key, map[string]any{"answer": reason})
	}).keeps("an answer, 20 KB, an event"),
	known("GET /v1/tasks/{id}/messages", reads(func(w *world) (string, string) { return "/v1/tasks/" + string(w.talked) + "/messages", w.poster.key })).takes(100*ms, 32*mib, 5*mib),
	known("POST /v1/tasks/{id}/messages", func(w *world) *http.Request {
		return w.request("POST", "/v1/tasks/"+string(w.talked)+"/messages", w.poster.key, map[string]any{"message": reason})
	}).keeps("a message, 20 KB, an event"),
	known("GET /v1/me", reads(func(w *world) (string, string) { return "/v1/me", w.worker.key })),
	known("PATCH /v1/me", func(w *world) *http.Request {
		return w.request("PATCH", "/v1/me", w.worker.key, map[string]any{"good_at": strings.Repeat("漢", limits.GoodAt)})
	}).keeps("the new profile in place of the old one"),
	known("POST /v1/me/key/rotate", func(w *world) *http.Request {
		return w.request("POST", "/v1/me/key/rotate", w.crowd[45].key, map[string]any{"overlap_minutes": 1_440})
	}).keeps("digests of two keys"),
	known("GET /v1/me/credits", reads(func(w *world) (string, string) { return "/v1/me/credits?limit=100&offset=900", w.worker.key })),
	known("GET /v1/me/stats", reads(func(w *world) (string, string) { return "/v1/me/stats", w.worker.key })).takes(100*ms, 32*mib, 2*mib),
	known("GET /v1/me/trust", reads(func(w *world) (string, string) { return "/v1/me/trust", w.worker.key })),
	known("GET /v1/events", func(w *world) *http.Request { return w.request("HEAD", "/v1/events", w.worker.key, nil) }).keeps("nothing; 40 KiB while it is open"),
	known("GET /v1/me/webhooks/dead", reads(func(w *world) (string, string) { return "/v1/me/webhooks/dead?limit=100", w.worker.key })),
	known("POST /v1/me/webhooks/{event_id}/redeliver", func(w *world) *http.Request {
		return w.request("POST", "/v1/me/webhooks/1/redeliver", w.worker.key, nil)
	}).keeps("a delivery"),
	known("POST /v1/admin/credits/grant", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/credits/grant", operatorKey, map[string]any{"agent_id": w.worker.id, "amount": 1, "reason": reason})
	}).keeps("a ledger line with its note, 20 KB, and an entry in the log, 20 KB, as everything that operators do does"),
	known("POST /v1/admin/invites", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/invites", operatorKey, map[string]any{"count": 100, "valid_for": 2_592_000, "note": reason})
	}).takes(200*ms, 32*mib, 64*kib).keeps("a record of each with the note, 20 KB, until it ends"),
	known("POST /v1/admin/agents/suspend", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/agents/suspend", operatorKey, map[string]any{"agent_id": w.worker.id, "suspended": false, "reason": reason})
	}).keeps("the reason"),
	known("POST /v1/admin/agents/infra", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/agents/infra", operatorKey, map[string]any{"agent_id": w.worker.id, "infra": false})
	}),
	known("GET /v1/admin/reports", reads(func(*world) (string, string) { return "/v1/admin/reports?limit=100", operatorKey })).takes(100*ms, 32*mib, 5*mib),
	known("POST /v1/admin/reports/{id}/resolve", func(w *world) *http.Request {
		id := w.post(w.poster, "x", "")
		r := ok(w.worker.api.ReportTask(w.ctx, id, "x"))
		return w.request("POST", "/v1/admin/reports/"+string(r.ReportID)+"/resolve", operatorKey, map[string]any{"status": "reviewed", "note": reason})
	}).keeps("the note, 20 KB"),
	known("POST /v1/admin/operators", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/operators", operatorKey, map[string]any{"name": "another", "role": "look", "reason": reason})
	}).keeps("the register of up to 100 operators, 20 KB, beside the one before"),
	known("GET /v1/admin/operators", reads(func(*world) (string, string) { return "/v1/admin/operators", operatorKey })),
	known("DELETE /v1/admin/operators/{name}", func(w *world) *http.Request {
		ok(w.market.AddOperator(w.ctx, market.OperatorInput{Name: "leaver", Role: market.OperatorLook}))
		return w.request("DELETE", "/v1/admin/operators/leaver", operatorKey, nil)
	}).keeps("the register of up to 100 operators, 20 KB, beside the one before"),
	known("POST /v1/admin/tasks/{id}/resolve", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/tasks/"+string(w.post(w.poster, "x", ""))+"/resolve", operatorKey, map[string]any{"outcome": "refund", "reason": reason})
	}).keeps("the reason, 20 KB, in the task and two events"),
	known("POST /v1/admin/credits/claw-back", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/credits/claw-back", operatorKey, map[string]any{"agent_id": w.worker.id, "amount": 1, "reason": reason})
	}).keeps("a ledger line with its note, 20 KB"),
	known("GET /v1/admin/agents", reads(func(*world) (string, string) { return "/v1/admin/agents?limit=100&search=words", operatorKey })).takes(100*ms, 32*mib, 3*mib),
	known("GET /v1/admin/agents/{id}", reads(func(w *world) (string, string) { return "/v1/admin/agents/" + string(w.worker.id), operatorKey })).takes(100*ms, 32*mib, 2*mib),
	known("GET /v1/admin/tasks", reads(func(*world) (string, string) { return "/v1/admin/tasks?limit=100&" + terms, operatorKey })).takes(200*ms, 64*mib, 256*kib),
	known("GET /v1/admin/tasks/{id}", reads(func(w *world) (string, string) { return "/v1/admin/tasks/" + string(w.long), operatorKey })).takes(200*ms, 64*mib, 16*mib),
	known("GET /v1/admin/actions", reads(func(*world) (string, string) { return "/v1/admin/actions?limit=100", operatorKey })).takes(100*ms, 32*mib, 3*mib),
	known("GET /v1/admin/overview", reads(func(*world) (string, string) { return "/v1/admin/overview", operatorKey })).takes(100*ms, 32*mib, 256*kib),
	known("GET /v1/admin/webhooks/dead", reads(func(*world) (string, string) { return "/v1/admin/webhooks/dead?limit=100", operatorKey })).takes(100*ms, 32*mib, 512*kib),
	known("POST /v1/admin/webhooks/redeliver/batch", func(w *world) *http.Request {
		letters := make([]map[string]any, limits.RedeliverBatch)
		for i := range letters {
			letters[i] = map[string]any{"agent_id": w.worker.id, "event_id": strconv.Itoa(i)}
		}
		return w.request("POST", "/v1/admin/webhooks/redeliver/batch", operatorKey, map[string]any{"dead_letters": letters, "reason": reason})
	}).takes(200*ms, 64*mib, 64*kib).keeps("up to 100 deliveries, and of each the reason, 20 KB, in the log"),
	known("POST /v1/admin/webhooks/seen", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/webhooks/seen", operatorKey, map[string]any{"until": market.NewTime(w.market.Now()), "reason": reason})
	}).keeps("the reason, in the log"),
	known("POST /v1/admin/webhooks/redeliver", func(w *world) *http.Request {
		return w.request("POST", "/v1/admin/webhooks/redeliver", operatorKey, map[string]any{"agent_id": w.worker.id, "event_id": "1", "reason": reason})
	}).keeps("a delivery"),
	known("GET /v1/admin/audit", reads(func(*world) (string, string) { return "/v1/admin/audit", operatorKey })).takes(2000*ms, 256*mib, 64*kib),
	anyone("GET /v1/capabilities", plain("/v1/capabilities")),
	anyone("GET /openapi.json", plain("/openapi.json")).takes(20*ms, 4*mib, 512*kib),
	anyone("GET /health", plain("/health")),
	anyone("GET /readyz", plain("/readyz")),
}

var site = []price{
	anyone("GET /skill.md", plain("/skill.md")),
	anyone("GET /skill/{file...}", plain("/skill/SKILL.md")),
	anyone("GET /llms.txt", plain("/llms.txt")),
	anyone("GET /install.sh", plain("/install.sh")),
	anyone("GET /terms", plain("/terms")),
	anyone("GET /robots.txt", plain("/robots.txt")),
	anyone("GET /.well-known/security.txt", plain("/.well-known/security.txt")),
	anyone("GET /docs", plain("/docs")),
	anyone("GET /docs/", plain("/docs/swagger-ui-bundle.js")).takes(100*ms, 8*mib, 2*mib),
	anyone("GET /assets/{file}", plain("/assets/docs.css")),
	anyone("GET /{$}", plain("/")).takes(40*ms, 8*mib, 256*kib),
	anyone("GET /live", plain("/live")).takes(40*ms, 8*mib, 256*kib),
	anyone("GET /live/stream", func(w *world) *http.Request { return w.request("HEAD", "/live/stream", "", nil) }).takes(40*ms, 8*mib, 256*kib),
	anyone("GET /tasks/{id}", reads(func(w *world) (string, string) { return "/tasks/" + string(w.long), "" })),
	anyone("GET /tasks", plain("/tasks?"+terms)).takes(100*ms, 16*mib, 256*kib),
	anyone("GET /tags", plain("/tags")),
	anyone("GET /agents", plain("/agents?search=words")),
	anyone("GET /agents/{id}", reads(func(w *world) (string, string) { return "/agents/" + string(w.worker.id), "" })).takes(20*ms, 8*mib, 256*kib),
	anyone("GET /manual", plain("/manual")),
	anyone("GET /register", plain("/register")),
	anyone("POST /register", func(w *world) *http.Request {
		return w.request("POST", "/register", "", url.Values{"name": {"x"}, "good_at": {strings.Repeat("漢字 ", limits.GoodAt/3)}})
	}).keeps("an agent, 10 KiB"),
	anyone("GET /sign-in", plain("/sign-in")),
	anyone("POST /sign-in", func(w *world) *http.Request {
		return w.request("POST", "/sign-in", "", url.Values{"key": {w.poster.key}, "to": {"/" + strings.Repeat("x", 60_000)}, "lost-at": {"/tasks/new"}, "lost.need": {strings.Repeat("x", 250_000)}})
	}).takes(20*ms, 8*mib, 512*kib).keeps("a session, until it ends"),
	known("POST /sign-out", func(w *world) *http.Request {
		r := w.owned("POST", "/sign-out", url.Values{})
		w.signIn()
		return r
	}).keeps("the end of the session"),
	owner("GET /me/work", "/me/work").takes(100*ms, 64*mib, 256*kib),
	owner("GET /me", "/me?order=credits&"+terms).takes(100*ms, 64*mib, 256*kib),
	owner("GET /me/money", "/me/money").takes(100*ms, 64*mib, 256*kib),
	owner("GET /me/record", "/me/record?days=30").takes(100*ms, 64*mib, 256*kib),
	owner("GET /me/ledger.csv", "/me/ledger.csv").takes(100*ms, 32*mib, 1*mib),
	owner("GET /me/settings", "/me/settings"),
	known("POST /me/settings", func(w *world) *http.Request {
		return w.owned("POST", "/me/settings", url.Values{"name": {"x"}, "good_at": {strings.Repeat("漢字 ", limits.GoodAt/3)}})
	}).keeps("the profile, 10 KiB"),
	owner("GET /tasks/new", "/tasks/new"),
	known("POST /tasks/new", func(w *world) *http.Request {
		return w.owned("POST", "/tasks/new", url.Values{"need": {strings.Repeat("漢", limits.Need)}, "context": {strings.Repeat("漢", limits.Context)}, "max_credits": {"1"}})
	}).keeps("a task with its texts"),
	known("POST /tasks/{id}/{act}", func(w *world) *http.Request {
		id := w.longDelivered(w.poster, w.worker)
		return w.owned("POST", "/tasks/"+string(id)+"/approve", url.Values{"rating": {"5"}, "feedback": {reason}})
	}).keeps("the feedback, 20 KB"),
	anyone("GET /live/mine", func(w *world) *http.Request { return w.owned("HEAD", "/live/mine", nil) }),
	known("POST /me/redeliver", func(w *world) *http.Request {
		shown := make([]string, 50)
		for i := range shown {
			shown[i] = strconv.Itoa(i)
		}
		return w.owned("POST", "/me/redeliver", url.Values{"shown": shown, "all": {"yes"}})
	}).takes(200*ms, 64*mib, 64*kib).keeps("up to 50 deliveries"),
	// After the others: it ends the session in the end.
	known("POST /me/key", func(w *world) *http.Request {
		return w.owned("POST", "/me/key", url.Values{"overlap_minutes": {"60"}})
	}).keeps("the digest of a key, a session"),
	anyone("GET /admin", plain("/admin")).takes(100*ms, 32*mib, 2*mib),
	anyone("GET /admin/login", plain("/admin/login")),
	anyone("POST /admin/login", func(w *world) *http.Request {
		return w.request("POST", "/admin/login", "", url.Values{"key": {strings.Repeat("x", 60_000)}})
	}),
	known("POST /admin/logout", func(w *world) *http.Request {
		r := w.form("/admin/logout", url.Values{})
		w.logIn()
		return r
	}),
	known("POST /admin/webhooks/redeliver", func(w *world) *http.Request {
		letters := make([]string, 50)
		for i := range letters {
			letters[i] = string(w.worker.id) + " " + strconv.Itoa(i)
		}
		return w.form("/admin/webhooks/redeliver", url.Values{"letter": letters, "sure": {"yes"}, "once": {rand.Text()}, "reason": {reason}})
	}).takes(200*ms, 64*mib, 256*kib).keeps("up to 50 deliveries, and of each the reason, 20 KB, in the log"),
	known("POST /admin/webhooks/seen", func(w *world) *http.Request {
		return w.form("/admin/webhooks/seen", url.Values{"until": {market.NewTime(w.market.Now()).String()}, "sure": {"yes"}, "reason": {reason}})
	}).keeps("the reason, in the log"),
	anyone("GET /admin/webhooks", plain("/admin/webhooks")).takes(100*ms, 32*mib, 512*kib),
	anyone("GET /admin/agents", plain("/admin/agents?search=words")).takes(100*ms, 32*mib, 2*mib),
	anyone("GET /admin/agents/{id}", reads(func(w *world) (string, string) { return "/admin/agents/" + string(w.worker.id), "" })).takes(100*ms, 32*mib, 2*mib),
	anyone("GET /admin/agents/{id}/record", reads(func(w *world) (string, string) { return "/admin/agents/" + string(w.worker.id) + "/record?days=30", "" })).takes(100*ms, 64*mib, 256*kib),
	onWorker("grant", url.Values{"amount": {"1"}, "once": {rand.Text()}, "reason": {reason}}).keeps("a ledger line with its note, 20 KB"),
	onWorker("suspend", url.Values{"to": {"active"}, "reason": {reason}}).takes(100*ms, 32*mib, 256*kib).keeps("the reason"),
	onWorker("infra", url.Values{"to": {"none"}, "reason": {reason}}).takes(100*ms, 32*mib, 256*kib),
	onWorker("redeliver", url.Values{"which": {"1"}, "reason": {reason}}).takes(100*ms, 32*mib, 256*kib).keeps("a delivery"),
	anyone("GET /admin/tasks", plain("/admin/tasks?"+terms)).takes(200*ms, 64*mib, 8*mib),
	anyone("GET /admin/tasks/{id}", reads(func(w *world) (string, string) { return "/admin/tasks/" + string(w.long), "" })).takes(100*ms, 32*mib, 8*mib),
	anyone("GET /admin/reports", plain("/admin/reports")).takes(100*ms, 32*mib, 4*mib),
	{route: "POST /admin/reports/{id}", processor: 100 * ms, allocated: 32 * mib, sent: 64 * kib, kept: "the note, 20 KB", make: func(w *world) *http.Request {
		r := ok(w.worker.api.ReportTask(w.ctx, w.post(w.poster, "x", ""), "x"))
		return w.form("/admin/reports/"+string(r.ReportID), url.Values{"as": {"reviewed"}, "reason": {reason}})
	}},
	known("POST /admin/agents/{id}/clawback", func(w *world) *http.Request {
		return w.form("/admin/agents/"+string(w.worker.id)+"/clawback", url.Values{"amount": {"1"}, "sure": {"yes"}, "once": {rand.Text()}, "reason": {reason}})
	}).keeps("a ledger line with its note, 20 KB"),
	known("POST /admin/tasks/{id}/resolve", func(w *world) *http.Request {
		return w.form("/admin/tasks/"+string(w.post(w.poster, "x", ""))+"/resolve", url.Values{"outcome": {"refund"}, "sure": {"yes"}, "reason": {reason}})
	}).keeps("the reason, 20 KB, in the task and two events"),
	anyone("GET /admin/actions", plain("/admin/actions")).takes(100*ms, 32*mib, 4*mib),
	anyone("GET /admin/actions.csv", plain("/admin/actions.csv")).takes(100*ms, 32*mib, 4*mib),
	anyone("GET /admin/agents/{id}/ledger.csv", reads(func(w *world) (string, string) { return "/admin/agents/" + string(w.worker.id) + "/ledger.csv", "" })).takes(100*ms, 32*mib, 1*mib),
	anyone("GET /admin/operators", plain("/admin/operators")),
	known("POST /admin/operators", func(w *world) *http.Request {
		return w.form("/admin/operators", url.Values{"name": {"page-" + strings.ToLower(rand.Text()[:8])}, "role": {"look"}, "reason": {reason}})
	}).keeps("the operator"),
	known("POST /admin/operators/{id}/revoke", func(w *world) *http.Request {
		name := "gone-" + strings.ToLower(rand.Text()[:8])
		ok(w.market.AddOperator(w.ctx, market.OperatorInput{Name: name, Role: market.OperatorLook}))
		return w.form("/admin/operators/"+name+"/revoke", url.Values{"reason": {reason}})
	}).keeps("the reason, in the log"),
	anyone("GET /admin/audit", plain("/admin/audit")),
	operator("POST /admin/audit", "/admin/audit", url.Values{}).takes(2000*ms, 256*mib, 64*kib),
	anyone("/", plain("/nothing/like/this")),
}

func owner(route, path string) price {
	return known(route, func(w *world) *http.Request { return w.owned("GET", path, nil) })
}

func operator(route, path string, form url.Values) price {
	return known(route, func(w *world) *http.Request { return w.form(path, form) })
}

func onWorker(action string, form url.Values) price {
	return known("POST /admin/agents/{id}/"+action, func(w *world) *http.Request {
		return w.form(fmt.Sprintf("/admin/agents/%s/%s", w.worker.id, action), form)
	})
}

// form is a form of the operator's session.
func (w *world) form(path string, form url.Values) *http.Request {
	filled := url.Values{"csrf": {w.csrf}, "sure": {"yes"}}
	for name, values := range form {
		filled[name] = values
	}
	r := w.request("POST", path, "", filled)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}
