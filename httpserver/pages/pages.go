// Package pages are the documents and pages of a marketplace beside its API:
// the manual for agents, terms, Swagger UI, a public dashboard, and the
// operator's pages behind the admin key, all of it from the binary and with
// this server's own address.
//
//	api, err := httpserver.New(m, httpserver.Options{Pages: pages.New(m)})
//
// Nothing is loaded from elsewhere, and every page says so in its content
// security policy. All of it works below a mount prefix.
package pages

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// New makes the pages of a market, for httpserver.Options.Pages.
func New(m *market.Market) func(*httpserver.Server) http.Handler {
	return func(s *httpserver.Server) http.Handler {
		p := &pages{market: m, api: s, boards: newBoards(m), binding: s.AdminSecret("session")}
		mux := http.NewServeMux()
		routes := map[string]http.HandlerFunc{
			"GET /skill.md":                 p.manual,
			"GET /skill/{file...}":          p.skill,
			"GET /llms.txt":                 p.document("llms.txt", "text/plain; charset=utf-8"),
			"GET /install.sh":               p.install,
			"GET /terms":                    p.recognizeIf(p.terms),
			"GET /robots.txt":               p.document("robots.txt", "text/plain; charset=utf-8"),
			"GET /.well-known/security.txt": p.security,
			"GET /manual":                   p.recognizeIf(p.readManual),
			"GET /docs":                     p.recognizeIf(p.docs),
			"GET /docs/":                    p.docs,
			"GET /assets/{file}":            p.asset,
			"GET /{$}":                      p.recognizeIf(p.dashboard),
			"GET /live":                     p.live,
			"GET /live/stream":              p.stream,
			"GET /live/mine":                p.ownedLong(p.ownerStream),
			"GET /tasks":                    p.recognize(p.tasks),
			"GET /tasks/{id}":               p.recognize(p.task),
			"GET /tasks/new":                p.owned(p.newTask),
			"POST /tasks/new":               p.owned(p.postTask),
			"POST /tasks/{id}/{act}":        p.owned(p.act),
			"GET /tags":                     p.recognize(p.tags),
			"GET /agents":                   p.recognize(p.agents),
			"GET /agents/{id}":              p.recognize(p.agent),
			"GET /me":                       p.owned(p.me),
			"GET /me/money":                 p.owned(p.money),
			"GET /me/record":                p.owned(p.myRecord),
			"GET /me/work":                  p.owned(p.work),
			"GET /me/ledger.csv":            p.ownedFor(exportPatience, p.ownLedger),
			"GET /me/settings":              p.owned(p.settings),
			"POST /me/settings":             p.owned(p.changeSettings),
			"POST /me/key":                  p.owned(p.rotateKey),
			"POST /me/redeliver":            p.owned(p.redeliverOwn),
			"GET /register":                 p.recognize(p.registerPage),
			"POST /register":                p.recognize(p.register),
			"GET /sign-in":                  p.recognize(p.signInPage),
			"POST /sign-in":                 p.visitor(p.signIn),
			"POST /sign-out":                p.inSession(p.signOut),
			"/":                             p.recognizeIf(p.nothing),
		}
		for route, serve := range routes {
			mux.HandleFunc(route, serve)
			form, is := strings.CutPrefix(route, "POST ")
			if _, shown := routes["GET "+form]; is && !shown {
				mux.HandleFunc("GET "+form, p.formPage)
			}
		}
		mux.HandleFunc("GET /admin/", p.operator(p.elsewhere))
		for route, serve := range p.adminRoutes() {
			mux.HandleFunc(route, serve)
		}
		return p.withinMount(mux)
	}
}

// withinMount answers what the mux would redirect, since the mux does not know
// the mount prefix and would lead a browser out of it. The mount point itself
// leads to the first page, and a path with a superfluous slash to the page
// without it.
func (p *pages) withinMount(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Most pages depend on who has signed in, and so does where they lead; a browser would
		// keep where. What may be kept says so.
		w.Header().Set("Cache-Control", "no-store")
		at := r.URL.Path
		trimmed := strings.TrimRight(at, "/")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case at == "" && reads:
			p.redirect(w, r, "/")
		case at != "/" && path.Clean(at) != trimmed, at == "":
			p.nothing(w, r)
		case at != trimmed && at != "/" && !strings.HasPrefix(at, "/docs/") && reads:
			p.redirect(w, r, (&url.URL{Path: trimmed}).EscapedPath())
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// formPage leads from where a form is sent to the page that it stands on: the address of a
// refusal is there, to be loaded again.
func (p *pages) formPage(w http.ResponseWriter, r *http.Request) {
	act := r.PathValue("act")
	if act != "" && acts[act] == nil {
		p.nothing(w, r)
		return
	}
	to := path.Dir(r.URL.Path)
	if to == "/me" {
		to = "/me/settings"
	}
	http.Redirect(w, r, p.root(r)+(&url.URL{Path: to}).EscapedPath(), http.StatusSeeOther)
}

// redirect leads to another page below the mount prefix.
func (p *pages) redirect(w http.ResponseWriter, r *http.Request, to string) {
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, p.root(r)+to, http.StatusTemporaryRedirect)
}

type pages struct {
	market *market.Market
	api    *httpserver.Server
	// boards are by the days of their charts.
	boards map[int]*board
	// binding is what sessions of operators are bound to: the admin key.
	binding []byte
	viewers viewers
}

// joins reports whether anybody, or who was invited, can register here.
func (p *pages) joins() bool { return p.market.Policy().Registration != market.RegistrationClosed }

// policy lets a page use what this server serves, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secure sets the headers of every page.
func secure(w http.ResponseWriter, contentType, csp string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// visitor charges the client address as the API does for what everybody may
// read.
func (p *pages) visitor(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := p.api.ChargeVisitor(w, r); err != nil {
			p.refused(w, r, err)
			return
		}
		next(w, r)
	}
}

// nothing answers browsers with a page, and programs as the API does.
func (p *pages) nothing(w http.ResponseWriter, r *http.Request) {
	if reads := r.Method == http.MethodGet || r.Method == http.MethodHead; reads && wantsHTML(r) {
		p.render(w, r, http.StatusNotFound, "missing", "Not found", nil)
		return
	}
	p.api.NoPage(w, r)
}

// root is the mount prefix as links need it: "" or "/market".
func (p *pages) root(r *http.Request) string {
	base := p.api.BaseURL(r)
	_, rest, whole := strings.Cut(base, "://")
	if !whole {
		return base // nobody said which host this is
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

// wholeBase is the address of the site, "" when nobody said which host this is.
func (p *pages) wholeBase(r *http.Request) string {
	if base := p.api.BaseURL(r); strings.Contains(base, "://") {
		return base
	}
	return ""
}
