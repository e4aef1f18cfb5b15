package httpserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/store/memory"
)

// batchAnswer is the answer to a batch, or its refusal.
type batchAnswer struct {
	Tasks []struct {
		TaskID, Need, Error, Code, Field string
		Index                            *int
		Balance                          int64
	}
	Total              int
	Error, Code, Field string
	Index              *int
	Ignored            []string
}

func postBatch(t *testing.T, p *person, body string, status int) (a batchAnswer) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/v1/tasks/batch", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.key)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	got := p.read(r).is(status)
	if err := json.Unmarshal([]byte(strings.ReplaceAll(got.raw, "task_id", "taskid")), &a); err != nil {
		t.Fatal(err, got.raw)
	}
	return a
}

func TestBatchesOverHTTP(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()}, pinchwork.WithStore(memory.New()))
	p := s.agent("poster", false)
	a := postBatch(t, p, `{"tasks":[{"need":"a <b>","max_credits":1e1},{"need":"b","max_credits":5,"tags":["go"],"metadata":{"k":"v"},"colour":"red"}]}`, http.StatusCreated)
	if a.Total != 2 || a.Tasks[0].Need != "a <b>" || a.Tasks[1].Balance != 85 || a.Ignored[0] != "colour" {
		t.Errorf("%+v", a)
	}
	a = postBatch(t, p, `{"atomic":false,"tasks":[{"need":"c","max_credits":500},{"need":"d","max_credits":5},{"need":" "}]}`, http.StatusCreated)
	if a.Total != 3 || a.Tasks[0].Code != "insufficient_credits" || a.Tasks[0].TaskID != "" || *a.Tasks[0].Index != 0 || a.Tasks[1].TaskID == "" ||
		a.Tasks[1].Index != nil || a.Tasks[2].Field != "tasks[2].need" || *a.Tasks[2].Index != 2 || a.Tasks[2].Error == "" {
		t.Errorf("%+v", a)
	}
	for _, c := range []struct {
		body, field string
		status      int
		index       int
	}{
		{`{"tasks":[{"need":"a"},{"need":"b","max_credits":500}]}`, "tasks[1].max_credits", http.StatusPaymentRequired, 1},
		{`{"tasks":[{"need":"a"},{"need":"b","tags":["a b"]}],"atomic":null}`, "tasks[1].tags", http.StatusBadRequest, 1},
		{`{"tasks":[{"need":"a"},{"need":"b","credits":5}]}`, "tasks[1].credits", http.StatusBadRequest, 1},
		{`{"tasks":[{"need":"a","tags":"go"}]}`, "tasks[0].tags", http.StatusBadRequest, 0},
		{`{"tasks":[{"need":"a","max_credits":0}]}`, "tasks[0].max_credits", http.StatusBadRequest, 0},
		{`{"tasks":[{"need":"a","need":"b"}]}`, "tasks[0].need", http.StatusBadRequest, 0},
		{`{"tasks":[{"need":"a\u0000"}]}`, "tasks[0].need", http.StatusBadRequest, 0},
		{`{"tasks":[{"need":"a"},"b"]}`, "tasks[1]", http.StatusBadRequest, 1},
		{`{"tasks":[null]}`, "tasks[0]", http.StatusBadRequest, 0},
		{`{"tasks":{"need":"a"}}`, "tasks", http.StatusBadRequest, -1},
		{`{"tasks":[]}`, "tasks", http.StatusBadRequest, -1},
		{`{"tasks":null}`, "tasks", http.StatusBadRequest, -1},
		{`{}`, "tasks", http.StatusBadRequest, -1},
		{`{"tasks":[{"need":"a"}],"atomic":"no"}`, "atomic", http.StatusBadRequest, -1},
		{`{"tasks":[` + strings.Repeat(`{"need":"a"},`, 100) + `{"need":"a"}]}`, "tasks", http.StatusBadRequest, -1},
	} {
		a := postBatch(t, p, c.body, c.status)
		if a.Field != c.field || (a.Index != nil) != (c.index >= 0) || a.Index != nil && *a.Index != c.index || !strings.HasPrefix(a.Error, c.field+": ") {
			t.Errorf("%.80s: %+v", c.body, a)
		}
	}
	if mine := p.send("GET", "/v1/me/credits", nil, "").is(200); !strings.Contains(mine.raw, `"balance":80`) {
		t.Error(mine.raw)
	}
}
