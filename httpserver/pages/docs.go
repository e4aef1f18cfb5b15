package pages

import (
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
		SettingsUI: map[string]string{"validatorUrl": "null", "tryItOutEnabled": "true"},
	})
	h := w.Header()
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	ui.ServeHTTP(w, r)
}
