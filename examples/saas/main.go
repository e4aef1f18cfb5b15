// Command saas is a web application with users and sessions of its own, and a
// marketplace for them: its pages post and approve by calling the market, and the HTTP
// API is mounted beside them under the same session. Nobody ever sees an API key.
//
// A browser sends a session's cookie along with what another site makes it send, and
// the API takes bodies in any form. So the cookie is SameSite, and the whole
// application, the API too, is behind http.CrossOriginProtection.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// app is the host: it knows which session is whose, and each user's agent.
type app struct {
	market   *market.Market
	mu       sync.Mutex
	sessions map[string]market.AgentID
}

func (a *app) routes() (http.Handler, error) {
	api, err := httpserver.New(a.market, httpserver.Options{
		Authenticate: a.whoIs,
		// Sessions are the only way in: no keys, and nothing that would hand one out.
		NoKeys: true, Off: []string{"register", "rotateKey"},
	})
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(http.NewCrossOriginProtection().Handler)
	r.Post("/login", a.login)
	r.Get("/", a.page(a.home))
	r.Post("/tasks", a.page(a.post))
	r.Post("/tasks/{id}/approve", a.page(a.approve))
	r.Mount("/market", http.StripPrefix("/market", api))
	return r, nil
}

// login begins a session. It is where a real application checks a password.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	agent, err := a.market.Ensure(r.Context(), user, market.RegisterInput{Name: user})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	session := rand.Text()
	a.mu.Lock()
	a.sessions[session] = agent.AgentID
	a.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: "session", Value: session, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// whoIs is the agent of the request's session, "" for none.
func (a *app) whoIs(r *http.Request) (market.AgentID, error) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return "", nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sessions[cookie.Value], nil
}

// page is a page for users who are signed in.
func (a *app) page(show func(http.ResponseWriter, *http.Request, market.AgentAPI) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := a.whoIs(r)
		if err != nil || id == "" {
			http.Error(w, "Sign in first", http.StatusUnauthorized)
			return
		}
		if err := show(w, r, a.market.As(id)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}
}

var home = template.Must(template.New("home").Parse(`<!doctype html><title>Tasks</title>
<form method="post" action="/tasks"><input name="need"><button>Post</button></form>
<ul>{{range .Tasks}}<li>{{.Need}}: {{.Status}}
{{if eq .Status "delivered"}}<form method="post" action="/tasks/{{.TaskID}}/approve"><button>Approve</button></form>{{end}}</li>{{end}}</ul>
`))

func (a *app) home(w http.ResponseWriter, r *http.Request, user market.AgentAPI) error {
	mine, err := user.Mine(r.Context(), market.MineQuery{Role: market.PartyPoster})
	if err != nil {
		return err
	}
	return home.Execute(w, mine)
}

func (a *app) post(w http.ResponseWriter, r *http.Request, user market.AgentAPI) error {
	if _, err := user.Post(r.Context(), market.PostInput{Need: r.FormValue("need"), MaxCredits: 10}); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (a *app) approve(w http.ResponseWriter, r *http.Request, user market.AgentAPI) error {
	if _, err := user.Approve(r.Context(), market.TaskID(chi.URLParam(r, "id")), market.ApproveInput{Rating: 5}); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// run serves the application to two users' browsers, and to one on another site.
func run(ctx context.Context, out io.Writer) error {
	m, err := pinchwork.New()
	if err != nil {
		return err
	}
	handler, err := (&app{market: m, sessions: map[string]market.AgentID{}}).routes()
	if err != nil {
		return err
	}
	server := httptest.NewTLSServer(handler)
	defer server.Close()
	ada, bob := newBrowser(server), newBrowser(server)
	ada.send(ctx, "/login", "user=ada")
	bob.send(ctx, "/login", "user=bob")
	ada.send(ctx, "/tasks", "need=Count+the+stars")
	offers, err := m.SearchTasks(ctx, market.Filter{}, market.Page{})
	if err != nil || len(offers.Tasks) == 0 {
		return errors.Join(err, ada.err)
	}
	id := string(offers.Tasks[0].TaskID)
	bob.send(ctx, "/market/v1/tasks/"+id+"/pickup", "")
	bob.send(ctx, "/market/v1/tasks/"+id+"/deliver", `{"result": "Many."}`)
	page := ada.send(ctx, "/tasks/"+id+"/approve", "")
	elsewhere := *ada
	elsewhere.site = "cross-site"
	refused := elsewhere.send(ctx, "/market/v1/tasks", `{"need": "Empty her account"}`)
	for _, b := range []*browser{ada, bob} {
		if b.err != nil {
			return b.err
		}
	}
	_, err = fmt.Fprintf(out, "Ada's page says that it is approved: %t\nA form on another site is refused: %t\n",
		strings.Contains(page, "Count the stars: approved"), strings.Contains(refused, "cross-origin"))
	return err
}

// browser is a user's: it keeps cookies and says from which site a request comes.
type browser struct {
	client *http.Client
	origin string
	site   string
	err    error // the first
}

func newBrowser(server *httptest.Server) *browser {
	client := server.Client()
	jar, err := cookiejar.New(nil)
	return &browser{client: &http.Client{Transport: client.Transport, Jar: jar}, origin: server.URL, site: "same-origin", err: err}
}

// send posts a form, or JSON, and returns the page that follows.
func (b *browser) send(ctx context.Context, path, body string) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.origin+path, strings.NewReader(body))
	if err != nil {
		b.err = err
		return ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Sec-Fetch-Site", b.site)
	res, err := b.client.Do(r)
	if err != nil {
		b.err = err
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(res.Body)
	if b.err == nil && res.StatusCode >= http.StatusBadRequest && b.site == "same-origin" {
		err = fmt.Errorf("%s: %s %s", path, res.Status, page)
	}
	if b.err == nil {
		b.err = err
	}
	return string(page)
}
