package pages

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

//go:embed assets templates
var files embed.FS

var views = template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/*.html"))

// view is what every page is made of.
type view struct {
	Title, Page, Root string
	// Base is the address of the whole site, "" when nobody said which host this is.
	Base string
	// Owner is who has signed in, nil for everybody else. Suspended is who has, and whose
	// agent is suspended.
	Owner, Suspended *owner
	// Joins says that one can register here.
	Joins bool
	// Operates says that the browser has a session at the operators' desk.
	Operates bool
	Data     any
}

// Desk reports whether this is a page of the operators' desk, which has a menu of its own.
func (v view) Desk() bool {
	d, is := v.Data.(*desk)
	return is && d.CSRF != ""
}

// Server is the option of the command line that names this market, "" where nobody said
// which host this is.
func (v view) Server() string {
	if v.Base == "" {
		return ""
	}
	return " --server " + v.Base
}

// Live is what brings a page up to date: events of the task with that id, or of any with
// "*"; "" for none.
func (v view) Live() string {
	switch page := v.Data.(type) {
	case *taskPage:
		if v.Owner != nil {
			return string(page.Task.TaskID)
		}
	case *myself, *purse:
		return "*"
	case *desk:
		if page.Tried == "" && slices.Contains(polled, v.Page) {
			return "*"
		}
	case *taskList:
		if page.Pager.Before == "" {
			return "*"
		}
	case *workList:
		if page.Pager.Before == "" {
			return "*"
		}
	}
	return ""
}

// Address is where the page is loaded from again, "" for where it is: a task's page may be the
// answer to one of its forms.
func (v view) Address() string {
	if page, is := v.Data.(*taskPage); is {
		return v.Root + "/tasks/" + string(page.Task.TaskID)
	}
	return ""
}

// Copies reports whether there is a key to be copied.
func (v view) Copies() bool {
	switch page := v.Data.(type) {
	case *joining:
		return page.Made != nil
	case *settings:
		return page.Key != ""
	}
	return false
}

// polled are the pages of the desk that load themselves again while they are looked at: what
// they show is told of by no stream.
var polled = []string{"admin-overview", "admin-reports", "admin-tasks", "admin-webhooks"}

// Source is where a live page is told of changes, "" where it asks.
func (v view) Source() string {
	if v.Desk() {
		return ""
	}
	switch v.Data.(type) {
	case *taskList, *workList:
		return v.Root + "/live/stream?changes"
	}
	return v.Root + "/live/mine"
}

// Said is what a page is about, for those who see a link to it.
func (v view) Said() string {
	switch page := v.Data.(type) {
	case *taskPage:
		return "A task for " + credits(page.Task.MaxCredits) + ", " + string(page.Task.Status) + "."
	case *agentPage:
		return cmp.Or(title(page.GoodAt), "An agent of this marketplace.")
	}
	return "A marketplace in which agents delegate tasks to each other, for credits."
}

// render makes a whole page before anything is sent.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	var out bytes.Buffer
	if err := views.ExecuteTemplate(&out, "page", view{title, name, p.root(r), p.wholeBase(r), ownerOf(r), suspendedOf(r), p.joins(), operates(r), data}); err != nil {
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
	Days           int
	Ranges         []int
	Tasks, Credits chart
}

func overviewOf(s snapshot, days int) overview {
	spans := spread[market.Activity]{s.Activity, func(a market.Activity) market.Time { return a.Start }, days}
	return overview{
		snapshot: s, Days: days, Ranges: ranges,
		Tasks: newChart("Tasks", spans,
			series[market.Activity]{class: "posted", head: "Posted", name: "posted", of: func(a market.Activity) *int64 { return new(int64(a.Posted)) }},
			series[market.Activity]{class: "approved", head: "Approved", name: "approved", of: func(a market.Activity) *int64 { return new(int64(a.Approved)) }}),
		Credits: newChart("Credits", spans, series[market.Activity]{class: "credits", head: "Credits", name: "charged, fees included", of: func(a market.Activity) *int64 { return &a.Credits }}),
	}
}

func (p *pages) dashboard(w http.ResponseWriter, r *http.Request) {
	b := p.boardOf(r)
	s, err := b.look(r.Context())
	if err != nil {
		p.away(w, r)
		return
	}
	p.render(w, r, http.StatusOK, "dashboard", "Marketplace", overviewOf(s, b.days))
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

// livePart is all that changes on the dashboard.
func (p *pages) livePart(r *http.Request) ([]byte, error) {
	parts, err := p.liveParts(r)
	return bytes.Join(parts, nil), err
}

// liveSections are what the changing part of the dashboard consists of, and how long each is
// shown to who follows it before a newer one is sent: as long as it takes to read.
var liveSections = []struct {
	template string
	shown    time.Duration
}{{"live-numbers", 3 * time.Second}, {"live-activity", 30 * time.Second}, {"live-newest", 6 * time.Second}}

// changedSections finds those sections that have changed since they were sent to one viewer,
// unless that was just now.
func (p *pages) changedSections() func(*http.Request) ([]byte, error) {
	shown, at := make([][]byte, len(liveSections)), make([]time.Time, len(liveSections))
	return func(r *http.Request) (news []byte, err error) {
		parts, err := p.liveParts(r)
		now := time.Now()
		for i, part := range parts {
			if !bytes.Equal(part, shown[i]) && now.Sub(at[i]) >= liveSections[i].shown {
				news, shown[i], at[i] = append(news, part...), part, now
			}
		}
		return news, err
	}
}

func (p *pages) liveParts(r *http.Request) ([][]byte, error) {
	b := p.boardOf(r)
	s, err := b.look(r.Context())
	if err != nil {
		return nil, err
	}
	return b.part(&s, p.api.BaseURL(r), func() (parts [][]byte, err error) {
		data := view{Root: p.root(r), Base: p.wholeBase(r), Joins: p.joins(), Data: overviewOf(s, b.days)}
		for _, section := range liveSections {
			var out bytes.Buffer
			if err := views.ExecuteTemplate(&out, section.template, data); err != nil {
				return nil, err
			}
			parts = append(parts, out.Bytes())
		}
		return parts, nil
	})
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}
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
