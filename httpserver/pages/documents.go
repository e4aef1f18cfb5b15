package pages

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"
	"strings"
	"text/template"
	"time"
)

//go:embed texts
var texts embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"hours": hours,
	"limit": limit,
	"most":  most,
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

func (p *pages) fill(r *http.Request, name string) (text string, ok bool) {
	return filled(name, p.facts(r))
}

func filled(name string, f facts) (text string, ok bool) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, f); err != nil {
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
