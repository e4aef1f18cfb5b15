package httpserver

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// A stranger cannot tell a direct hire from a task that does not exist, on any route
// and in any state, and no list or page shows it.
func TestADirectHireDoesNotExistForStrangers(t *testing.T) { onEveryStore(t, checkDirectHires) }

func checkDirectHires(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	poster, worker, stranger := s.agent("poster", false), s.agent("worker", false), s.agent("stranger", false)
	task := poster.post("need-of-others", "context", "context-of-others", "tags", []string{"tag-of-others"}, "offer_to", []string{string(worker.id)})
	question := worker.send("POST", "/v1/tasks/"+task+"/questions", object{"question": "which one?"}, "").is(201).text("id")
	try := func() {
		t.Helper()
		for _, r := range Routes() {
			if r.Caller == CallerAdmin || r.Group == groupAgents || strings.Contains(r.Path, "{event_id}") {
				continue
			}
			asked := func(id, question string) *reply {
				path := strings.NewReplacer("{id}", id, "{qid}", question).Replace(r.Path)
				return stranger.send(r.Method, path, intrusions[r.Name].body, "")
			}
			if strings.Contains(r.Path, "{id}") {
				got, want := asked(task, question), asked("tk-0000000000000000", "qa-0000000000000000")
				if got.status != want.status || got.raw != want.raw {
					t.Errorf("%s is %d %s for a stranger, and %d %s for no task", got.what, got.status, got.raw, want.status, want.raw)
				}
			} else if r.Method == http.MethodGet && r.Name != "events" {
				if got := asked("", ""); strings.Contains(got.raw, "-of-others") || strings.Contains(got.raw, task) {
					t.Errorf("%s shows a stranger %s", got.what, got.raw)
				}
			}
		}
		stranger.send("POST", "/v1/tasks/pickup", object{"search": "need-of-others"}, "").is(204)
	}
	try()
	worker.send("POST", "/v1/tasks/"+task+"/pickup", nil, "").is(200)
	try()
	worker.send("POST", "/v1/tasks/"+task+"/deliver", object{"result": "result-of-others"}, "").is(200)
	try()
	poster.send("POST", "/v1/tasks/"+task+"/approve", nil, "").is(200)
	try()
}

func TestDirectHiresInBodies(t *testing.T) {
	post := posting(t)
	for body, want := range map[string]market.PostInput{
		`{"need":"x","offer_to":["ag-1","ag-2"],"open_after_minutes":10}`: {OfferTo: []market.AgentID{"ag-1", "ag-2"}, OpenAfter: 10 * time.Minute},
		`{"need":"x","offer_to":["ag-1"],"open_after_minutes":0}`:         {OfferTo: []market.AgentID{"ag-1"}, OpenAfter: -time.Minute}, // which the market refuses
		`{"need":"x","offer_to":null,"open_after_minutes":null}`:          {},
		"---\noffer_to: [ag-1, ag-2]\nopen_after_minutes: 5\n---\nx":      {OfferTo: []market.AgentID{"ag-1", "ag-2"}, OpenAfter: 5 * time.Minute},
	} {
		if got, status, answer := post("", body); status != http.StatusCreated || !slices.Equal(got.OfferTo, want.OfferTo) || got.OpenAfter != want.OpenAfter {
			t.Errorf("%s: %d %s, %+v", body, status, answer, got)
		}
	}
	for _, body := range []string{
		`{"need":"x","offer_to":"ag-1"}`, `{"need":"x","offer_to":[null]}`, `{"need":"x","offer_to":[1]}`, `{"need":"x","offer_to":{"a":"b"}}`,
		`{"need":"x","open_after_minutes":"5"}`, "---\noffer_to: {a: b}\n---\nx",
	} {
		if _, status, answer := post("", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
}

// What is wrong with a direct hire is said of the element.
func TestTheAgentThatCannotBeHiredIsNamed(t *testing.T) {
	site := newSite(t, Options{Limits: NoLimits()})
	ada, bob := site.agent("ada", false), site.agent("bob", false)
	ada.send("POST", "/v1/tasks", object{"need": "x", "offer_to": []string{string(bob.id), "ag-nobody"}}, "").is(400).has("field", "offer_to[1]")
	ada.send("POST", "/v1/tasks", object{"need": "x", "open_after_minutes": 5}, "").is(400).has("field", "open_after_minutes")
}
