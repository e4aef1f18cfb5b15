package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func TestNamesAreAskedForOnceAndNotWithoutEnd(t *testing.T) {
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		asked[id]++
		if id == "ag-gone" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"the %s"}`, id, strings.TrimPrefix(id, "ag-"))
	}))
	defer server.Close()
	c, err := httpclient.New(server.URL, "pwk-x")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{used: session{key: "pwk-x", stored: credentials.Profile{APIKey: "pwk-x", AgentID: "ag-own", AgentName: "me"}}}
	who := a.naming(t.Context(), c, 2)
	for range 2 {
		for id, want := range map[market.AgentID]string{
			"ag-own": "ag-own (me)", "ag-one": "ag-one (the one)", "ag-gone": "ag-gone", market.Platform: string(market.Platform), "": "",
		} {
			if got := who(id); got != want {
				t.Errorf("%q is written %q, want %q", id, got, want)
			}
		}
	}
	if got := who("ag-third"); got != "ag-third" {
		t.Errorf("the third is written %q", got)
	}
	if fmt.Sprint(asked) != "map[ag-gone:1 ag-one:1]" {
		t.Errorf("asked for %v", asked)
	}
	a.output = outputJSON
	if got := a.naming(t.Context(), c, 2)("ag-one"); got != "ag-one" || asked["ag-one"] != 1 {
		t.Errorf("for a program %q, and %v", got, asked)
	}
}
