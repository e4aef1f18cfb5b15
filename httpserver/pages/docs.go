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
	root := p.root(r)
	ui := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Pinchwork API", SwaggerJSON: root + "/openapi.json",
		BasePath: root + "/docs/", InternalBasePath: "/docs/", HideCurl: false,
		AppendHead: docsHead(root), PrependHTML: docsTop(root), AppendHTML: "</main>",
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

// docsHead makes Swagger UI fit a phone, with readable colours and a label that
// it lacks.
func docsHead(root string) template.HTML {
	assets := template.HTMLEscapeString(root) + "/assets/"
	return template.HTML(`<meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<link rel="stylesheet" href="` + assets + `docs.css"><script src="` + assets + `docs.js"></script>`)
}

// docsTop opens the page's main part with its heading and the way back.
func docsTop(root string) template.HTML {
	return template.HTML(`<main><h1 class="home"><a href="` + template.HTMLEscapeString(root) + `/">Pinchwork</a> API</h1>`)
}

// captured is an answer that is held back so that it can be changed.
type captured struct {
	bytes.Buffer
	header http.Header
}

func (c *captured) Header() http.Header { return c.header }
func (c *captured) WriteHeader(int)     {}
