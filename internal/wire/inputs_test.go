package wire_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// What a client sends is what the market gets.
func TestInputsPassTheWire(t *testing.T) {
	for _, in := range []market.PostInput{
		{Need: "x"},
		{Need: "x", Context: "y", Tags: []string{"go"}, MaxCredits: 7, Wait: 300 * time.Second},
		{Need: "x", Metadata: map[string]string{"order": "7", "empty": ""}, ExternalID: "order 7"},
		{Need: "x", Deadline: time.Minute, ClaimTimeout: time.Hour, ReviewTimeout: 365 * 24 * time.Hour},
		{Need: "x", OfferTo: []market.AgentID{"ag-1", "ag-2"}, OpenAfter: 10 * time.Minute},
		{Need: "x", MaxCredits: -1, OpenAfter: -time.Minute, Deadline: -time.Minute, Wait: -time.Second},
	} {
		if got := through(t, wire.PostOf(in)).Input(); !reflect.DeepEqual(got, in) {
			t.Errorf("%+v became %+v", in, got)
		}
	}
	batch := market.BatchInput{Count: 3, Filter: market.Filter{Tags: []string{"a"}, Search: "b", Wait: time.Minute}}
	if got := through(t, wire.BatchOf(batch)).Input(); !reflect.DeepEqual(got, batch) {
		t.Errorf("%+v became %+v", batch, got)
	}
	deliver := market.DeliverInput{Result: "done", CreditsClaimed: 12}
	if got := through(t, wire.DeliverOf(deliver)).Input(); got != deliver {
		t.Errorf("%+v became %+v", deliver, got)
	}
	approve := market.ApproveInput{Rating: 5, Feedback: "fine"}
	if got := through(t, wire.ApproveOf(approve)).Input(); got != approve {
		t.Errorf("%+v became %+v", approve, got)
	}
}

func through[T any](t *testing.T, body T) (out T) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A part of a unit counts as a whole one, on either side of zero, so that nothing
// that is out of range comes into it.
func TestTimesAreRoundedAwayFromZero(t *testing.T) {
	for d, want := range map[time.Duration]int64{
		1: 1, time.Minute: 1, time.Minute + 1: 2, -1: -1, -time.Minute - 1: -2, math.MaxInt64: 153722868,
	} {
		if got := *wire.PostOf(market.PostInput{Deadline: d}).DeadlineMinutes; got != want {
			t.Errorf("%s is %d minutes, want %d", d, got, want)
		}
	}
}

// In Go zero is absent; in JSON it is a number like others, and out of range.
func TestWrittenZerosAreRefused(t *testing.T) {
	k := markettest.New(t)
	server, err := httpserver.New(k.Market, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("task")
	bob.Claim(id)
	send := func(method string, by *markettest.Agent, path, body string) (int, string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+string(by.Key))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	ask := func(by *markettest.Agent, path, body string) (int, string) {
		return send(http.MethodPost, by, path, body)
	}
	for _, wait := range []string{"-1", "301", "9223372036854775807", "-9223372036854775808"} {
		for method, path := range map[string]string{
			http.MethodGet: "/v1/tasks/" + string(id) + "?wait=", http.MethodPost: "/v1/tasks/pickup?wait=",
		} {
			if status, answer := send(method, ada, path+wait, ""); status != 400 || !strings.Contains(answer, `"field":"wait"`) {
				t.Errorf("%s %s%s: %d %s", method, path, wait, status, answer)
			}
		}
	}
	refused := func(by *markettest.Agent, path, body, field string) {
		t.Helper()
		for _, zero := range []string{"0", "0.0", "-9223372036854775808", "9223372036854775807"} {
			if field == "credits_claimed" && zero[0] == '9' {
				continue // counts as all of the budget
			}
			full := strings.Replace(body, "?", zero, 1)
			if status, answer := ask(by, path, full); status != 400 || !strings.Contains(answer, `"field":"`+field+`"`) {
				t.Errorf("%s: %d %s", full, status, answer)
			}
		}
	}
	for _, field := range []string{"max_credits", "deadline_minutes", "claim_timeout_minutes", "review_timeout_minutes"} {
		refused(ada, "/v1/tasks", `{"need": "x", "`+field+`": ?}`, field)
	}
	refused(bob, "/v1/tasks/pickup/batch", `{"count": ?}`, "count")
	refused(bob, "/v1/tasks/"+string(id)+"/deliver", `{"result": "x", "credits_claimed": ?}`, "credits_claimed")
	bob.Deliver(id, "done")
	refused(ada, "/v1/tasks/"+string(id)+"/approve", `{"rating": ?}`, "rating")
	if status, answer := ask(ada, "/v1/tasks/"+string(id)+"/approve", `{"rating": null}`); status != 200 {
		t.Errorf("an absent rating: %d %s", status, answer)
	}
}
