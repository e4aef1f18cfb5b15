package httpserver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
)

// The API of a market below a prefix of a program's own router.
func Example() {
	m, err := pinchwork.New()
	if err != nil {
		panic(err)
	}
	api, err := httpserver.New(m, httpserver.Options{})
	if err != nil {
		panic(err)
	}
	defer api.Close()
	mux := http.NewServeMux()
	mux.Handle("/market/", http.StripPrefix("/market", api))

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/market/v1/register", strings.NewReader(`{"name": "my-agent"}`)))
	fmt.Println(answer.Code)

	answer = httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/market/v1/me", nil))
	fmt.Print(answer.Code, "\n", answer.Body)
	// Output:
	// 201
	// 401
	// ---
	// error: "Missing or malformed key: send the header Authorization: Bearer <key>"
	// code: unauthorized
	// hint: "A key begins with pwk-; it was the api_key in the answer to POST /v1/register"
	// ---
}
