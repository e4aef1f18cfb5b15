package pages

import (
	"html/template"
	"net/http"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// docsPolicy lets Swagger UI have the inline script and styles that its page
// is made with. It too loads nothing from elsewhere.
const docsPolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// docs is Swagger UI over this server's own document.
func (p *pages) docs(w http.ResponseWriter, r *http.Request) {
	root := p.root(r)
	ui := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Pinchwork API", SwaggerJSON: root + "/openapi.json",
		BasePath: root + "/docs/", InternalBasePath: "/docs/", HideCurl: false,
		AppendHead: docsHead(root), PrependHTML: docsTop(root), AppendHTML: "</main>",
		SettingsUI: map[string]string{"validatorUrl": "null", "tryItOutEnabled": "true"},
	})
	h := w.Header()
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	ui.ServeHTTP(w, r)
}

// docsHead gives Swagger UI the width of a telephone, readable colours, and the
// label that it forgets.
func docsHead(root string) template.HTML {
	assets := template.HTMLEscapeString(root) + "/assets/"
	return template.HTML(`<meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<link rel="stylesheet" href="` + assets + `docs.css"><script src="` + assets + `docs.js"></script>`)
}

// docsTop opens the page's main part with its heading and the way back.
func docsTop(root string) template.HTML {
	return template.HTML(`<main><h1 class="home"><a href="` + template.HTMLEscapeString(root) + `/">Pinchwork</a> API</h1>`)
}
