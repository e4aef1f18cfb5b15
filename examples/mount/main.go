// Command mount serves a marketplace below a prefix of three routers: the
// standard library's, chi and bunrouter.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/uptrace/bunrouter"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// routers mounts the handler in each kind of router.
func routers(api http.Handler) map[string]http.Handler {
	below := http.StripPrefix("/market", api)

	mux := http.NewServeMux()
	mux.Handle("/market/", below)

	c := chi.NewRouter()
	c.Mount("/market", below)

	bun := bunrouter.New()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch} {
		bun.Handle(method, "/market/*path", bunrouter.HTTPHandler(below))
	}
	return map[string]http.Handler{"net/http": mux, "chi": c, "bunrouter": bun}
}

func run(out io.Writer) error {
	m, err := pinchwork.New()
	if err != nil {
		return err
	}
	api, err := httpserver.New(m, httpserver.Options{Pages: pages.New(m)})
	if err != nil {
		return err
	}
	defer api.Close()
	all := routers(api)
	for _, name := range []string{"net/http", "chi", "bunrouter"} {
		for _, path := range []string{"/market/v1/capabilities", "/market/skill.md"} {
			w := httptest.NewRecorder()
			all[name].ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if _, err := fmt.Fprintln(out, name, path, w.Code); err != nil {
				return err
			}
		}
	}
	return nil
}
