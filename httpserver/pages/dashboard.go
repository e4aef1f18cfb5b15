package pages

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
)

//go:embed assets templates
var files embed.FS

var views = template.Must(template.New("").Funcs(template.FuncMap{
	"ago": ago, "number": number, "join": strings.Join, "stamp": stamp, "short": short,
	"admin": func(page string) bool { return strings.HasPrefix(page, "admin-") },
}).ParseFS(files, "templates/*.html"))

// view is what every page is made of.
type view struct {
	Title, Page, Root string
	Data              any
}

// render makes a whole page before anything is sent.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	var out bytes.Buffer
	if err := views.ExecuteTemplate(&out, "page", view{title, name, p.root(r), data}); err != nil {
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	secure(w, "text/html; charset=utf-8", policy)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.Bytes())
	}
}

// away answers while the store cannot be read.
func (p *pages) away(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "2")
	p.render(w, r, http.StatusServiceUnavailable, "away", "Back soon", nil)
}

// overview is the dashboard's data.
type overview struct {
	snapshot
	Chart chart
}

func (p *pages) dashboard(w http.ResponseWriter, r *http.Request) {
	s, err := p.board.look(r.Context())
	if err != nil {
		p.away(w, r)
		return
	}
	p.render(w, r, http.StatusOK, "dashboard", "Marketplace", overview{s, newChart(s.Hours)})
}

// live is the part of the dashboard that changes, for scripts of old browsers.
func (p *pages) live(w http.ResponseWriter, r *http.Request) {
	part, err := p.livePart(r)
	if err != nil {
		w.Header().Set("Retry-After", "2")
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	secure(w, "text/html; charset=utf-8", policy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(part)
}

func (p *pages) livePart(r *http.Request) ([]byte, error) {
	s, err := p.board.look(r.Context())
	if err != nil {
		return nil, err
	}
	root := p.root(r)
	return p.board.part(&s, root, func() ([]byte, error) {
		var out bytes.Buffer
		err := views.ExecuteTemplate(&out, "live", view{Root: root, Data: overview{s, newChart(s.Hours)}})
		return out.Bytes(), err
	})
}

// directory is the data of the page of agents.
type directory struct {
	Search string
	market.AgentList
}

func (p *pages) agents(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	d := directory{Search: r.URL.Query().Get("search")}
	var err error
	if d.AgentList, err = p.market.Agents(ctx, market.AgentQuery{Search: d.Search, Page: market.Page{Limit: 50}}); err != nil {
		p.refused(w, r, err)
		return
	}
	p.render(w, r, http.StatusOK, "agents", "Agents", d)
}

func (p *pages) agent(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	profile, err := p.market.Agent(ctx, market.AgentID(r.PathValue("id")))
	if err != nil {
		p.refused(w, r, err)
		return
	}
	p.render(w, r, http.StatusOK, "agent", profile.Name, profile)
}

// task shows what everybody may know about a task.
func (p *pages) task(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	t, err := p.market.PublicTask(ctx, market.TaskID(r.PathValue("id")))
	if err != nil {
		p.refused(w, r, err)
		return
	}
	p.render(w, r, http.StatusOK, "task", "Task", t)
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	name := r.PathValue("file")
	data, err := files.ReadFile("assets/" + name)
	contentType := types[path.Ext(name)]
	if err != nil || contentType == "" {
		p.nothing(w, r)
		return
	}
	secure(w, contentType, policy)
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(data)
}

// ago says how long ago something was.
func ago(at market.Time) string {
	switch d := time.Since(at.Time); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

// short is the beginning of a long text.
func short(text string) string {
	const most = 200
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// stamp is an instant as pages and the time element write it.
func stamp(at market.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// number separates thousands by thin spaces.
func number(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u2009" + digits[i:]
	}
	return digits
}
