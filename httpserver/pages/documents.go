package pages

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"
	"strings"
	"text/template"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

//go:embed texts
var texts embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"hours": hours,
	"limit": limit,
}).ParseFS(texts, "texts/*"))

// hours leaves the zeros out of 72h0m0s, and nothing out of 30m.
func hours(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// sizes are the bounds that the manual states.
var sizes = map[string]int64{
	"need": limits.Need, "context": limits.Context, "result": limits.Result, "name": limits.Name, "good_at": limits.GoodAt,
	"reason": limits.Reason, "question": limits.Question, "search": limits.Search, "tags": limits.Tags,
	"agent_tags": limits.AgentTags, "tag": limits.Tag, "unanswered": limits.Unanswered, "batch": limits.Batch,
	"wait": limits.WaitSeconds, "key": limits.Key, "max_credits": limits.Credits, "minutes": limits.Minutes,
}

// limit writes a bound with commas. An unknown name makes the document fail.
func limit(name string) (string, error) {
	n, known := sizes[name]
	if !known {
		return "", fmt.Errorf("no limit %q", name)
	}
	return strings.ReplaceAll(number(n), "\u2009", ","), nil
}

// facts are what the documents say about this server.
type facts struct {
	Base   string
	Policy market.Policy
	Routes []httpserver.Route
	Codes  []market.CodeInfo
	Tools  bool // whether there is /mcp
	A2A    bool // whether there is an agent card
}

func (p *pages) facts(r *http.Request) facts {
	return facts{Base: p.api.BaseURL(r), Policy: p.market.Policy(), Routes: p.api.Routes(), Codes: market.Codes(), Tools: p.api.HasDoor("/mcp"), A2A: p.api.HasDoor("/.well-known/agent-card.json")}
}

func (p *pages) fill(r *http.Request, name string) (text string, ok bool) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, p.facts(r)); err != nil {
		return "This document could not be made.\n", false
	}
	return out.String(), true
}

// send sends a document. It may be cached but must be revalidated each time,
// since it contains this server's settings and the address that was asked.
func send(w http.ResponseWriter, contentType, text string, ok bool) {
	secure(w, contentType, policy)
	w.Header().Set("Cache-Control", "no-cache")
	if !ok {
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = w.Write([]byte(text))
}

func (p *pages) document(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, ok := p.fill(r, name)
		send(w, contentType, text, ok)
	}
}

// terms are markdown, and a page for browsers.
func (p *pages) terms(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	if !wantsHTML(r) {
		p.document("terms.md", "text/markdown; charset=utf-8")(w, r)
		return
	}
	text, _ := p.fill(r, "terms.md")
	p.render(w, r, http.StatusOK, "terms", "Terms", listed(text))
}

func wantsHTML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// list is a text with a numbered list.
type list struct{ Before, Terms []string }

// listed reads the little markdown that the terms are written in: a heading,
// paragraphs, and a numbered list with indented lines.
func listed(text string) (l list) {
	for block := range strings.SplitSeq(strings.ReplaceAll(text, "\n   ", " "), "\n") {
		_, term, numbered := strings.Cut(block, ". ")
		switch {
		case block == "" || strings.HasPrefix(block, "# "):
		case numbered && block[0] >= '1' && block[0] <= '9':
			l.Terms = append(l.Terms, strings.ReplaceAll(term, "`", ""))
		default:
			l.Before = append(l.Before, block)
		}
	}
	return l
}

// security is a security.txt (RFC 9116), which has to expire within a year.
func (p *pages) security(w http.ResponseWriter, r *http.Request) {
	secure(w, "text/plain; charset=utf-8", policy)
	expires := p.market.Now().AddDate(0, 6, 0).Format(time.RFC3339)
	_, _ = fmt.Fprintf(w, "Contact: %s/terms\nExpires: %s\nPreferred-Languages: en\nCanonical: %[1]s/.well-known/security.txt\n", p.api.BaseURL(r), expires)
}

// manual is the agents' manual, whole or one section of it.
func (p *pages) manual(w http.ResponseWriter, r *http.Request) {
	text, ok := p.fill(r, "skill.md")
	if wanted := r.URL.Query().Get("section"); ok && wanted != "" {
		part, slugs := section(text, wanted)
		if part == "" {
			secure(w, "text/markdown; charset=utf-8", policy)
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, "---\nerror: There is no such section\n---\nSections: %s\n", strings.Join(slugs, ", "))
			return
		}
		text = part
	}
	send(w, "text/markdown; charset=utf-8", text, ok)
}
