package pages

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
	"strings"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// docsPolicy allows Swagger UI the inline scripts that carry this answer's
// nonce, and inline styles. It, too, loads nothing from elsewhere.
func docsPolicy(nonce string) string {
	return "default-src 'none'; script-src 'self' 'nonce-" + nonce + "'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// docs is Swagger UI over this server's own document.
func (p *pages) docs(w http.ResponseWriter, r *http.Request) {
	root, frame := p.root(r), view{Title: "API", Page: "docs", Root: p.root(r), Base: p.wholeBase(r), Owner: ownerOf(r), Joins: p.joins(), Operates: operates(r)}
	ui := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Pinchwork API", SwaggerJSON: root + "/openapi.json",
		BasePath: root + "/docs/", InternalBasePath: "/docs/", HideCurl: false,
		AppendHead: frame.part("docs-head"), PrependHTML: frame.part("docs-top"), AppendHTML: frame.part("docs-foot"),
		SettingsUI: map[string]string{"validatorUrl": "null", "tryItOutEnabled": "true"},
	})
	nonce := rand.Text()
	if strings.Trim(r.URL.Path, "/") != "docs" {
		secure(w, "", docsPolicy(nonce))
		w.Header().Del("Content-Type") // by the file's name
		w.Header().Set("Cache-Control", "public, max-age=86400")
		ui.ServeHTTP(w, r)
		return
	}
	page := &captured{header: http.Header{}}
	ui.ServeHTTP(page, r)
	secure(w, "text/html; charset=utf-8", docsPolicy(nonce))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(bytes.ReplaceAll(page.Bytes(), []byte("<script"), []byte(`<script nonce="`+nonce+`"`)))
}

// part is a piece of the frame of all pages, which Swagger UI is put into.
func (v view) part(name string) template.HTML {
	var out bytes.Buffer
	if views.ExecuteTemplate(&out, name, v) != nil {
		return ""
	}
	return template.HTML(out.String())
}

// captured is an answer that is held back so that it can be changed.
type captured struct {
	bytes.Buffer
	header http.Header
}

func (c *captured) Header() http.Header { return c.header }
func (c *captured) WriteHeader(int)     {}
