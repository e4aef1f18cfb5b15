package mcpserver

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// Whoever calls a tool at the wrong time is told which ones it may call, and nothing has
// happened.
func TestARefusalNamesTheToolsThatMayComeNext(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	servers, agents := map[string]*Server{}, map[string]market.AgentAPI{}
	for _, name := range []string{"ada", "bob"} {
		got, err := m.Register(t.Context(), market.RegisterInput{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		agents[name] = m.As(got.AgentID)
		if servers[name], err = New(Options{Agent: Always(agents[name])}); err != nil {
			t.Fatal(err)
		}
	}
	posted, err := agents["ada"].Post(t.Context(), market.PostInput{Need: "work", MaxCredits: 5})
	if err != nil {
		t.Fatal(err)
	}
	call := func(who, name string, arguments object) *reply {
		t.Helper()
		arguments["task_id"] = posted.TaskID
		return servers[who].call(t.Context(), toolNamed(t, name), encode(arguments))
	}
	refuses := func(who, name string, arguments object, code market.Code, next ...string) {
		t.Helper()
		if r := call(who, name, arguments); r.Code != code || !slices.Equal(r.Next, next) || r.Step == "" {
			t.Errorf("%s of %s: %s", name, who, r.json())
		}
	}
	refuses("bob", "deliver", object{"result": "done"}, market.CodeForbidden, "take", "ask")
	refuses("ada", "approve", object{}, market.CodeWrongState, "look with wait_seconds")
	refuses("ada", "write", object{"message": "hello"}, market.CodeWrongState, "look with wait_seconds")
	refuses("ada", "ask", object{"question": "which?"}, market.CodeForbidden, "look with wait_seconds")
	refuses("ada", "take", object{}, market.CodeOwnTask, "look with wait_seconds")
	call("bob", "take", object{})
	refuses("bob", "ask", object{"question": "which?"}, market.CodeWrongState, "deliver", "progress", "write", "abandon")
	refuses("ada", "cancel", object{}, market.CodeWrongState, "look with wait_seconds", "write")
	call("bob", "deliver", object{"result": "done"})
	refuses("bob", "abandon", object{}, market.CodeWrongState, "look with wait_seconds", "write")
	me, err := agents["ada"].Me(t.Context())
	if err != nil || me.Credits != 95 {
		t.Errorf("%+v, %v", me, err)
	}
}

func TestEveryActionHasATool(t *testing.T) {
	for a, name := range toolFor {
		if tool := toolNamed(t, name); !json.Valid(schemaOf(tool.fields)) {
			t.Errorf("%s: %s", a, name)
		}
	}
}
