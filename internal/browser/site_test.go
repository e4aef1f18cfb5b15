package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/internal/browsertest"
	"github.com/pinchwork/pinchwork/market"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

const adminKey = "operator-key"

// site is a served marketplace in which something has happened.
type site struct {
	t      *testing.T
	market *market.Market
	origin string // scheme and host
	root   string // the origin with the mount prefix
	poster *market.Handle
	key    string // the poster's
	worker *market.Handle
	// workerKey is the worker's.
	workerKey string
	task      market.TaskID // approved
	review    market.TaskID // delivered
	open      market.TaskID // with a question
}

// everywhere runs a test on a server at the root and on one below a prefix.
func everywhere(t *testing.T, test func(*testing.T, *site)) {
	for name, prefix := range map[string]string{"root": "", "prefix": "/market"} {
		t.Run(name, func(t *testing.T) { test(t, newSite(t, prefix)) })
	}
}

func newSite(t *testing.T, prefix string) *site {
	t.Helper()
	m, err := pinchwork.New()
	must(t, err)
	api, err := httpserver.New(m, httpserver.Options{AdminKey: adminKey, Limits: httpserver.NoLimits(), Pages: pages.New(m)})
	must(t, err)
	var handler http.Handler = api
	if prefix != "" {
		mux := http.NewServeMux()
		mux.Handle(prefix+"/", http.StripPrefix(prefix, api))
		handler = mux
	}
	live := httptest.NewServer(handler)
	t.Cleanup(func() { api.Close(); live.CloseClientConnections(); live.Close() })
	s := &site{t: t, market: m, origin: live.URL, root: live.URL + prefix}
	s.live()
	return s
}

// live lets two agents join and trade.
func (s *site) live() {
	s.poster, s.key = s.join("Ada", "plans journeys", "travel")
	s.worker, s.workerKey = s.join("Grace with a rather long name that wraps on a telephone", "translates Dutch contracts into English", "dutch", "law")
	for i := range 4 {
		s.post(fmt.Sprintf("Translate chapter %d of the handbook, with every footnote and all the tables in it", i+1))
	}
	task := s.pickup()
	s.task = task
	_, err := s.worker.Deliver(s.t.Context(), task, market.DeliverInput{Result: "Chapter 1: …"})
	must(s.t, err)
	_, err = s.poster.Approve(s.t.Context(), task, market.ApproveInput{Rating: 5})
	must(s.t, err)
	s.review = s.pickup()
	_, err = s.worker.SendMessage(s.t.Context(), s.review, "It has two tables")
	must(s.t, err)
	_, err = s.worker.Deliver(s.t.Context(), s.review, market.DeliverInput{Result: "# Chapter 2\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n[more](https://example.org)"})
	must(s.t, err)
	mine, err := s.poster.Mine(s.t.Context(), market.MineQuery{Status: market.StatusPosted})
	must(s.t, err)
	s.open = mine.Tasks[0].TaskID
	_, err = s.worker.Ask(s.t.Context(), s.open, "With the index?")
	must(s.t, err)
}

func (s *site) pickup() market.TaskID {
	picked, ok, err := s.worker.Pickup(s.t.Context(), market.Filter{})
	must(s.t, err)
	if !ok {
		s.t.Fatal("there is nothing to pick up")
	}
	return picked.TaskID
}

func (s *site) join(name, goodAt string, tags ...string) (agent *market.Handle, key string) {
	r, err := s.market.Register(s.t.Context(), market.RegisterInput{Name: name, GoodAt: goodAt, Tags: tags})
	must(s.t, err)
	return s.market.As(r.AgentID), string(r.APIKey)
}

func (s *site) post(need string) {
	_, err := s.poster.Post(s.t.Context(), market.PostInput{Need: need, MaxCredits: 10, Tags: []string{"dutch"}})
	must(s.t, err)
}

// postOverHTTP posts as an agent elsewhere does.
func (s *site) postOverHTTP(need string) {
	r, err := http.NewRequest(http.MethodPost, s.root+"/v1/tasks", strings.NewReader(fmt.Sprintf(`{"need":%q,"max_credits":5}`, need)))
	must(s.t, err)
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	must(s.t, err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		s.t.Fatalf("posting: %s", res.Status)
	}
}

// every names the pages for everybody and where they are.
func (s *site) every() map[string]string {
	return map[string]string{
		"dashboard": s.root + "/", "agents": s.root + "/agents", "agent": s.root + "/agents/" + string(s.worker.ID()),
		"none-fits": s.root + "/agents?search=nobody-at-all", "missing": s.root + "/agents/ag-nobody", "docs": s.root + "/docs",
		"tasks": s.root + "/tasks", "no-tasks": s.root + "/tasks?tag=none", "sign-in": s.root + "/sign-in", "register": s.root + "/register", "tags": s.root + "/tags", "ended": s.root + "/tasks?order=ended&tag=dutch&search=chapter",
		"task": s.root + "/tasks/" + string(s.task), "login": s.root + "/admin", "terms": s.root + "/terms", "manual": s.root + "/manual",
	}
}

// operators names the pages for the operator alone.
func (s *site) operators() map[string]string {
	return map[string]string{
		"admin-overview": s.root + "/admin", "admin-webhooks": s.root + "/admin/webhooks", "admin-reports": s.root + "/admin/reports", "admin-agents": s.root + "/admin/agents", "admin-tasks": s.root + "/admin/tasks",
		"admin-agent": s.root + "/admin/agents/" + string(s.worker.ID()), "admin-record": s.root + "/admin/agents/" + string(s.worker.ID()) + "/record?days=1", "admin-task": s.root + "/admin/tasks/" + string(s.task),
		"admin-audit": s.root + "/admin/audit", "admin-actions": s.root + "/admin/actions", "admin-operators": s.root + "/admin/operators",
	}
}

// owners names the pages for who has signed in.
func (s *site) owners() map[string]string {
	return map[string]string{
		"me": s.root + "/me", "work": s.root + "/me/work", "money": s.root + "/me/money", "record": s.root + "/me/record", "settings": s.root + "/me/settings", "post": s.root + "/tasks/new", "my-task": s.root + "/tasks/" + string(s.task),
		"my-review": s.root + "/tasks/" + string(s.review), "my-open": s.root + "/tasks/" + string(s.open),
	}
}

// tour leads through all pages, as everybody, as an owner and then as the operator.
func (s *site) tour(tab *browsertest.Tab, show func(page, address string)) {
	for page, address := range s.every() {
		show(page, address)
	}
	s.signIn(tab, s.key)
	for page, address := range s.owners() {
		show(page, address)
	}
	s.logIn(tab, adminKey)
	tab.Until(`document.querySelector("nav.desk")`)
	for page, address := range s.operators() {
		show(page, address)
	}
}

func (s *site) logIn(tab *browsertest.Tab, key string) {
	tab.Visit(s.root + "/admin")
	tab.Click("#key")
	tab.Type(key + "\r")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
