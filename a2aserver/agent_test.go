package a2aserver_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"

	"github.com/pinchwork/pinchwork/a2aserver"
	"github.com/pinchwork/pinchwork/market"
)

// A task that is posted at one replica is followed, reviewed and repeated at the other, with
// one answer.
func TestReplicasAnswerTheSame(t *testing.T) {
	s := newSite(t, a2aserver.Options{Budget: 7, Tags: []string{"shout"}})
	here, there := s.client(0, s.key), s.client(1, s.key)
	first := words("m-1", "", "hello", nil)
	first.Message.ContextID = "project"
	task := s.send(here, first)
	if again := s.send(there, first); again.ID != task.ID || s.credits() != 93 {
		t.Errorf("a repeat is %s, %d credits left", again.ID, s.credits())
	}
	var seen []string
	var last string
	for e, err := range there.SubscribeToTask(t.Context(), &a2a.SubscribeToTaskRequest{ID: task.ID}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) == 0 {
			s.deliver(task.ID, "HELLO")
		}
		seen = append(seen, line(e))
		last = e.Meta()["pinchwork"].(map[string]any)["event_id"].(string)
	}
	if got := strings.Join(seen, ", "); got != "task SUBMITTED, WORKING, artifact HELLO, INPUT_REQUIRED" {
		t.Errorf("the other replica told: %s", got)
	}
	no := words("m-2", task.ID, "reject: louder", nil)
	if got := s.send(there, no); got.Status.State != a2a.TaskStateWorking || len(got.Artifacts) != 0 {
		t.Errorf("after the rejection: %+v", got)
	}
	if got := s.send(here, no); got.Status.State != a2a.TaskStateWorking {
		t.Errorf("rejected again: %+v", got)
	}
	if _, err := s.worker.Deliver(t.Context(), market.TaskID(task.ID), market.DeliverInput{Result: "HELLO!", CreditsClaimed: 2}); err != nil {
		t.Fatal(err)
	}
	resumed := a2aclient.AttachServiceParams(t.Context(), a2aclient.ServiceParams{"Last-Event-ID": {last}})
	seen = nil
	for e, err := range here.SubscribeToTask(resumed, &a2a.SubscribeToTaskRequest{ID: task.ID}) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, line(e))
	}
	if got := strings.Join(seen, ", "); got != "task INPUT_REQUIRED, artifact HELLO!, INPUT_REQUIRED" {
		t.Errorf("the resumed stream told: %s", got)
	}
	yes := words("m-3", task.ID, "Approve.", nil)
	for _, c := range []*a2aclient.Client{there, here} {
		if got := s.send(c, yes); got.Status.State != a2a.TaskStateCompleted || s.credits() != 98 {
			t.Errorf("approved: %+v, %d credits left", got, s.credits())
		}
	}
	list, err := there.ListTasks(t.Context(), &a2a.ListTasksRequest{ContextID: "project", IncludeArtifacts: true})
	if err != nil || len(list.Tasks) != 1 || list.Tasks[0].Artifacts[0].Parts[0].Text() != "HELLO!" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := there.SendMessage(t.Context(), words("m-4", task.ID, "thanks", nil)); !errors.Is(err, a2a.ErrUnsupportedOperation) {
		t.Errorf("after the end: %v", err)
	}
}

// line is an event in a few words.
func line(e a2a.Event) string {
	short := func(s a2a.TaskState) string { return strings.TrimPrefix(string(s), "TASK_STATE_") }
	switch e := e.(type) {
	case *a2a.Task:
		return "task " + short(e.Status.State)
	case *a2a.TaskStatusUpdateEvent:
		return short(e.Status.State)
	case *a2a.TaskArtifactUpdateEvent:
		return "artifact " + e.Artifact.Parts[0].Text()
	}
	return fmt.Sprintf("%T", e)
}

// Nobody finds a task here that another has posted, its worker included.
func TestTasksOfOthersAreNotThere(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	_, otherKey := s.agent("stranger")
	task := s.send(s.client(0, s.key), words("m-1", "", "secret", nil))
	c := s.client(0, otherKey)
	calls := map[string]func() error{
		"get":    func() error { _, err := c.GetTask(t.Context(), &a2a.GetTaskRequest{ID: task.ID}); return err },
		"cancel": func() error { _, err := c.CancelTask(t.Context(), &a2a.CancelTaskRequest{ID: task.ID}); return err },
		"message": func() error {
			_, err := c.SendMessage(t.Context(), words("m-1", task.ID, "approve", nil))
			return err
		},
		"subscribe": func() error {
			for _, err := range c.SubscribeToTask(t.Context(), &a2a.SubscribeToTaskRequest{ID: task.ID}) {
				return err
			}
			return nil
		},
		"push": func() error {
			_, err := c.CreateTaskPushConfig(t.Context(), &a2a.PushConfig{TaskID: task.ID, URL: "https://x.example"})
			return err
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, a2a.ErrTaskNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, q := range []a2a.ListTasksRequest{{}, {ContextID: string(task.ID)}} {
		if list, err := c.ListTasks(t.Context(), &q); err != nil || len(list.Tasks) != 0 {
			t.Errorf("%+v: %+v, %v", q, list, err)
		}
	}
}

// Words that could mean several things do nothing and are told what to send; a command in
// the wrong state is refused.
func TestPlainWordsAreNeverGuessedAt(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	c := s.client(0, s.key)
	posted := s.send(c, words("m-1", "", "one", nil))
	delivered := s.send(c, words("m-2", "", "two", nil))
	s.deliver(delivered.ID, "2")
	before := s.credits()
	for i, say := range []struct {
		task a2a.TaskID
		text string
	}{
		{posted.ID, "how is it going?"},
		{posted.ID, "reject"},
		{delivered.ID, "ok"},
		{delivered.ID, "approve it, I think"},
		{delivered.ID, "reject"},
		{delivered.ID, "reject:"},
		{delivered.ID, "approve: maybe"},
		{delivered.ID, "yes"},
	} {
		got, err := c.SendMessage(t.Context(), words(fmt.Sprint("w-", i), say.task, say.text, nil))
		if m, ok := got.(*a2a.Message); err != nil || !ok || !strings.HasPrefix(m.Parts[0].Text(), "Nothing was done.") || m.TaskID != say.task {
			t.Errorf("%q: %+v, %v", say.text, got, err)
		}
	}
	for text, task := range map[string]a2a.TaskID{"approve": posted.ID, "reject: bad": posted.ID, "cancel": delivered.ID} {
		if _, err := c.SendMessage(t.Context(), words("c-"+text, task, text, nil)); !errors.Is(err, a2a.ErrUnsupportedOperation) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for id, want := range map[a2a.TaskID]a2a.TaskState{posted.ID: a2a.TaskStateSubmitted, delivered.ID: a2a.TaskStateInputRequired} {
		if got, err := c.GetTask(t.Context(), &a2a.GetTaskRequest{ID: id}); err != nil || got.Status.State != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if s.credits() != before {
		t.Errorf("%d credits became %d", before, s.credits())
	}
}

// With two questions open, an answer has to say which it is for; its repeat is one.
func TestAnswersGoToTheirQuestion(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	c := s.client(0, s.key)
	task := s.send(c, words("m-1", "", "draw", nil))
	var ids []market.QuestionID
	for _, text := range []string{"what?", "how?"} {
		q, err := s.worker.Ask(t.Context(), market.TaskID(task.ID), text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, q.ID)
	}
	if got, err := c.SendMessage(t.Context(), words("a-0", task.ID, "a map", nil)); err != nil || got.(*a2a.Message) == nil {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 {
		s.send(c, words("a-1", task.ID, "a map", map[string]any{"action": "answer", "question_id": string(ids[0])}))
		s.send(c, words("a-2", task.ID, "in ink", nil))
	}
	list, err := s.poster.Questions(t.Context(), market.TaskID(task.ID), market.Page{})
	if err != nil || list.Questions[0].Answer != "a map" || list.Questions[1].Answer != "in ink" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWhatIsRefusedSaysWhy(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	c := s.client(0, s.key)
	s.send(c, words("m-1", "", "one", nil))
	file := words("f", "", "x", nil)
	file.Message.Parts = append(file.Message.Parts, a2a.NewRawPart([]byte("x")))
	flat, above := words("i", "", "x", nil), words("j", "", "x", nil)
	flat.Message.Metadata = map[string]any{"max_credits": 3}
	above.Metadata = map[string]any{"budget": 3}
	for name, r := range map[string]struct {
		req  *a2a.SendMessageRequest
		kind error
		says string
	}{
		"an unknown field":   {words("a", "", "x", map[string]any{"budget": 3}), a2a.ErrInvalidParams, "max_credits"},
		"a wrong type":       {words("b", "", "x", map[string]any{"max_credits": "3"}), a2a.ErrInvalidParams, "max_credits"},
		"too few credits":    {words("c", "", "x", map[string]any{"max_credits": 5000}), a2a.ErrInvalidParams, "Insufficient credits"},
		"no text":            {words("d", "", " ", nil), a2a.ErrInvalidParams, "need"},
		"another repeat":     {words("m-1", "", "two", nil), a2a.ErrInvalidParams, "Idempotency-Key"},
		"an action on none":  {words("e", "", "x", map[string]any{"action": "approve"}), a2a.ErrInvalidParams, "task's id"},
		"a budget outside":   {flat, a2a.ErrInvalidParams, `{"pinchwork": {"max_credits"`},
		"one further out":    {above, a2a.ErrInvalidParams, `{"pinchwork": {"budget"`},
		"bytes":              {file, a2a.ErrUnsupportedContentType, "URL"},
		"an unknown task":    {words("g", "tk-xxxxxxxxxxxx", "approve", nil), a2a.ErrTaskNotFound, "not found"},
		"no message id":      {words("", "", "x", nil), a2a.ErrInvalidParams, "messageId"},
		"an order that is 3": {&a2a.SendMessageRequest{Message: &a2a.Message{ID: "h", Role: a2a.MessageRoleUser, Parts: a2a.ContentParts{a2a.NewTextPart("x")}, Metadata: map[string]any{"pinchwork": 3}}}, a2a.ErrInvalidParams, "object"},
	} {
		if _, err := c.SendMessage(t.Context(), r.req); !errors.Is(err, r.kind) || !strings.Contains(err.Error(), r.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.credits() != 50 {
		t.Errorf("%d credits are left", s.credits())
	}
}

// One webhook serves all tasks: another one is not replaced, and the token is not shown.
func TestPushConfigsAreTheWebhook(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	c := s.client(0, s.key)
	task := s.send(c, words("m-1", "", "one", nil))
	saved, err := c.CreateTaskPushConfig(t.Context(), &a2a.PushConfig{TaskID: task.ID, URL: "https://hooks.example/a", Token: "sesame"})
	if err != nil || saved.Token != "" || saved.ID != "webhook" {
		t.Fatalf("%+v, %v", saved, err)
	}
	for name, bad := range map[string]*a2a.PushConfig{
		"another URL":   {TaskID: task.ID, URL: "https://hooks.example/b"},
		"another id":    {TaskID: task.ID, URL: "https://hooks.example/a", ID: "two"},
		"credentials":   {TaskID: task.ID, URL: "https://hooks.example/a", Auth: &a2a.PushAuthInfo{Scheme: "Basic", Credentials: "x"}},
		"a private URL": {TaskID: task.ID, URL: "https://127.0.0.1/"},
	} {
		if _, err := c.CreateTaskPushConfig(t.Context(), bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	me, err := s.poster.Me(t.Context())
	if err != nil || me.WebhookURL != "https://hooks.example/a" {
		t.Errorf("%+v, %v", me, err)
	}
	if err := c.DeleteTaskPushConfig(t.Context(), &a2a.DeleteTaskPushConfigRequest{TaskID: task.ID, ID: saved.ID}); err != nil {
		t.Error(err)
	}
	if got, err := c.GetTaskPushConfig(t.Context(), &a2a.GetTaskPushConfigRequest{TaskID: task.ID, ID: saved.ID}); err == nil {
		t.Errorf("it is still there: %+v", got)
	}
}

func TestAMessageTooLargeIsRefused(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	for _, path := range []string{"/a2a", "/a2a/message:send"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.urls[0]+path, io.MultiReader(bytes.NewReader(make([]byte, 2<<20))))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+string(s.key))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// The server ends while a stream is open: the stream ends, without an error of its own.
func TestAStreamEndsWithItsClient(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	c := s.client(0, s.key)
	n := 0
	for e, err := range c.SendStreamingMessage(t.Context(), words("m-1", "", "one", nil)) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			if _, err := s.client(1, s.key).CancelTask(t.Context(), &a2a.CancelTaskRequest{ID: e.TaskInfo().TaskID}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got := line(e); got != "CANCELED" {
			t.Errorf("it told %s", got)
		}
	}
	if n != 2 {
		t.Errorf("%d events", n)
	}
}

// A message that waits is answered when it is the poster's turn, with the result.
func TestAMessageWaitsForTheResult(t *testing.T) {
	s := newSite(t, a2aserver.Options{})
	c := s.client(0, s.key)
	claimed := make(chan error, 1)
	go func() {
		for e, err := range s.worker.Events(t.Context(), "0") {
			if err != nil || e.Type != "task_matched" {
				claimed <- err
				return
			}
			if _, err := s.worker.PickupTask(t.Context(), e.Task); err != nil {
				claimed <- err
				return
			}
			_, err := s.worker.Deliver(t.Context(), e.Task, market.DeliverInput{Result: "done"})
			claimed <- err
			return
		}
	}()
	req := words("m-1", "", "wait for it", map[string]any{"offer_to": []string{string(s.worker.ID())}, "max_credits": 3})
	req.Config = nil
	task := s.send(c, req)
	if err := <-claimed; err != nil {
		t.Fatal(err)
	}
	if task.Status.State != a2a.TaskStateInputRequired || task.Artifacts[0].Parts[0].Text() != "done" {
		t.Errorf("%+v", task)
	}
	if again := s.send(c, req); again.ID != task.ID || s.credits() != 97 {
		t.Errorf("again: %+v", again)
	}
}
