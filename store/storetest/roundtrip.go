package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// What is committed is read again, field by field.
var roundTripCases = []testCase{
	{"A task with every field", func(w *world) {
		w.people()
		t := fullTask(w)
		w.full(*t)
		want := *t
		done := w.commit(&store.Change{Tasks: []store.TaskWrite{{New: t, Text: textOf(t.ID)}}})
		want.Seq = done.Seqs[0]
		l := w.load(store.LoadQuery{Task: t.ID, Text: true})
		w.equal(l.Task, &want)
		w.equal(l.Text.Need, textOf(t.ID).Need)
		w.equal(l.Text.Context, textOf(t.ID).Context)
	}},
	{"A task with nothing optional", func(w *world) {
		w.people()
		t := &store.Task{
			ID: taskNo(1), Version: 1, Poster: ann, MaxCredits: 1, Status: store.StatusPosted,
			CreatedAt: w.now, ExpiresAt: w.now,
		}
		want := *t
		done := w.commit(&store.Change{Tasks: []store.TaskWrite{{New: t, Text: store.TaskText{Need: "n"}}}})
		want.Seq = done.Seqs[0]
		l := w.load(store.LoadQuery{Task: t.ID, Text: true})
		w.equal(l.Task, &want)
		w.equal(l.Text, store.TaskText{Need: "n"})
	}},
	{"A replaced task loses what the new version lacks", func(w *world) {
		w.people()
		t := w.put(fullTask(w))
		want := *t
		got := w.rewrite(t, func(t *store.Task) {
			t.Tags, t.ExtractedTags, t.Metadata, t.Children = nil, nil, nil, nil
			t.Direct, t.Matching, t.Claim, t.Delivery, t.Rejection, t.Ending = nil, nil, nil, nil, nil, nil
			t.ExternalID = ""
			t.Deadline, t.NextDue, t.ClaimTimeout, t.Claims = time.Time{}, time.Time{}, 0, 0
			want = *t
		})
		w.equal(got, &want)
	}},
	{"An agent with every field", func(w *world) {
		p := fullProfile(w)
		w.full(*p)
		want := store.Agent{Profile: *p}
		w.commit(&store.Change{Agents: []store.AgentWrite{{New: p, Key: keyOf(p.ID)}}})
		w.equal(w.agent(p.ID), &want)
	}},
	{"An account with every counter", func(w *world) {
		w.register(ann)
		want := store.Agent{Profile: *w.profile(ann), Account: fullAccount(w)}
		d := store.AccountDelta{
			Agent: ann, Escrowed: 2, OpenClaims: 3, Posted: 4, Completed: 5, RatingSum: 6,
			RatingCount: 7, Earned: 8, Fees: 9, Charged: 10, Spent: 11, Rejected: 12,
			Approvals: 13, Rejections: 14, FeesBrought: 15, TextBytes: 16, MaxOpenClaims: 100, MaxTextBytes: 100,
		}
		w.full(d)
		w.full(want.Account)
		w.commit(&store.Change{
			Accounts:   []store.AccountDelta{d},
			Strikes:    []store.StrikeWrite{{Agent: ann, New: want.Strikes}},
			SystemPays: []store.SystemPayWrite{{Agent: ann, New: want.SystemPay}},
			Events:     []store.Event{{Agent: ann, Type: store.EventTaskClaimed, Task: taskNo(1), At: w.now}},
		})
		w.equal(w.agent(ann), &want)
	}},
	{"A ledger entry with every field", func(w *world) {
		w.register(ann)
		t := store.Transfer{
			ID: nextEntry(), From: store.EscrowAccount(taskNo(1)), To: store.AgentAccount(ann), Amount: 9,
			Kind: store.EntryPayment, Agent: ann, Task: taskNo(1), Fee: 1, Note: "a note", About: bob, At: w.in(-time.Hour),
		}
		want := store.Entry{Transfer: t, Seq: 2, Balance: bonus + 9, Earned: 9}
		w.full(want)
		w.commit(&store.Change{
			Transfers: []store.Transfer{t},
			Accounts:  []store.AccountDelta{{Agent: ann, Earned: 9}},
		})
		page, err := w.store.Ledger(w.ctx, store.PageQuery{Agent: ann, Limit: 1, Now: w.now})
		w.ok(err)
		w.equal(page.Entries, []store.Entry{want})
	}},
	{"A ledger entry that is nobody's with every field", func(w *world) {
		w.register(ann)
		t := store.Transfer{
			ID: nextEntry(), From: store.EscrowAccount(taskNo(1)), To: store.PlatformAccount, Amount: 9,
			Kind: store.EntryPlatformFee, Task: taskNo(1), Fee: 1, Note: "a note", About: bob, At: w.in(-time.Hour),
		}
		w.commit(&store.Change{Transfers: []store.Transfer{t}})
		got, _, err := w.store.Entries(w.ctx, taskNo(1), "", 9)
		w.ok(err)
		w.equal(got, []store.Entry{{Transfer: t}})
	}},
	{"A role with every field", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		role := store.RoleWrite{Task: taskNo(1), Agent: bob, Role: store.RoleWorker, Lapse: &store.Lapse{
			At: w.in(-time.Hour), Why: "it took too long", Claim: 3,
		}}
		w.full(role)
		want := *role.Lapse
		w.commit(&store.Change{Roles: []store.RoleWrite{role}})
		l := w.load(store.LoadQuery{Caller: bob, Task: taskNo(1), Role: true})
		w.equal(l.Role, store.RoleWorker)
		w.equal(l.Lapse, &want)
	}},
	{"A hundred payments of system tasks", func(w *world) {
		w.register(ann)
		pay := store.SystemPay{Pending: 7}
		for i := range 100 {
			pay.Paid = append(pay.Paid, store.SystemPaid{At: w.in(time.Duration(i) * time.Minute), Credits: 5, Fees: int64(i)})
		}
		want := store.SystemPay{Pending: 7, Paid: slices.Clone(pay.Paid)}
		w.commit(&store.Change{SystemPays: []store.SystemPayWrite{{Agent: ann, New: pay}}})
		w.equal(w.agent(ann).SystemPay, want)
		w.commit(&store.Change{SystemPays: []store.SystemPayWrite{{Agent: ann, Old: want}}})
		w.equal(w.agent(ann).SystemPay, store.SystemPay{})
	}},
	{"An event with every field", func(w *world) {
		w.register(ann)
		rank, yes, grace := 0, false, store.NewTime(w.in(time.Minute))
		want := store.Event{
			Agent: ann, Seq: 1, Type: store.EventTaskRejected, Task: taskNo(1), At: w.now,
			Data: store.EventData{
				Reason: "r", Feedback: "f", GraceDeadline: grace, QuestionID: "qa-1", MessageID: "msg-1",
				Rank: &rank, MeetsRequirements: &yes, Answer: "a", SenderID: bob, WorkerID: bob,
				Credits: new(int64(0)), Rating: 5, Tags: []string{"Go", "sql"}, By: bob,
				Metadata: map[string]string{"order": "77", "k=1:é": ""}, ExternalID: "order 77",
				Note: "half", Percent: new(0), Outcome: "split",
			},
		}
		w.full(want)
		e := want
		e.Seq = 0
		head := w.logPage(math.MaxInt64, 0).Head
		w.commit(&store.Change{Events: []store.Event{e}})
		w.equal(w.eventPage(ann, 0, 10).Events, []store.Event{want})
		logged := w.logPage(head, 10).Events
		w.equal(len(logged), 1)
		w.equal(logged[0].Event, want)
	}},
	{"A question, a message and a report with every field", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		asked := store.Question{ID: "qa-1", Task: taskNo(1), Asker: bob, Text: "why?", CreatedAt: w.now}
		q := asked
		q.Answer, q.AnsweredAt = "because", w.in(time.Second)
		m := store.Message{
			ID: "msg-1", Task: taskNo(1), Sender: ann, Text: "hello", Worker: bob, CreatedAt: w.now,
		}
		r := store.Report{
			ID: "rp-1", Task: taskNo(1), Reporter: bob, Reason: "spam", Status: store.ReportReviewed,
			Note: "seen", CreatedAt: w.now, ResolvedAt: w.in(time.Second),
		}
		w.full(q)
		w.full(m)
		w.full(r)
		w.commit(&store.Change{
			Questions: []store.Question{asked}, Messages: []store.Message{m}, Reports: []store.Report{r},
		})
		w.commit(&store.Change{Answers: []store.Answer{
			{Question: q.ID, Task: q.Task, Text: q.Answer, At: q.AnsweredAt},
		}})
		page := &store.TalkQuery{Limit: 10}
		l := w.load(store.LoadQuery{Task: taskNo(1), Question: q.ID, Questions: page, Messages: page, Report: r.ID})
		w.equal(l.Question, &q)
		w.equal(l.Questions, []store.Question{q})
		w.equal(l.Messages, []store.Message{m})
		w.equal(l.Report, &r)
	}},
	{"A trust pair and its score to 6 decimals", func(w *world) {
		w.people()
		want := store.TrustPair{From: ann, To: bob, Score: 0.123457, Interactions: 1, UpdatedAt: w.now}
		w.full(want)
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: want}}})
		page, err := w.store.TrustOf(w.ctx, store.PageQuery{Agent: ann, Limit: 10, Now: w.now})
		w.ok(err)
		w.equal(page.Pairs, []store.TrustPair{want})
	}},
	{"An idempotency record with every field", func(w *world) {
		want := record(w, "key")
		want.Request = [32]byte{1, 31: 255}
		want.Outcome = json.RawMessage(`{ "b" : 1.50, "a":"é\u00e9" }`)
		w.full(*want)
		w.commit(&store.Change{Idempotency: want})
		w.equal(w.load(store.LoadQuery{Idempotency: &want.IdempotencyID}).Idempotency, want)
	}},
	{"Feed items with every field", func(w *world) {
		pair := store.TrustPair{From: ann, To: bob, Score: 0.55, Interactions: 1, UpdatedAt: w.now}
		items := []store.FeedItem{
			{Kind: store.FeedAgent, Agent: ann},
			{Kind: store.FeedTask, Task: taskNo(1), Version: 3, Open: true},
			{Kind: store.FeedTrust, Trust: &pair},
		}
		w.commit(&store.Change{Feed: items})
		w.equal(w.feedSince(w.start), items)
	}},
	{"Long texts", func(w *world) {
		w.people()
		text := store.TaskText{Need: wild(50_000), Context: wild(100_000)}
		w.commit(&store.Change{Tasks: []store.TaskWrite{{New: delivered(w, taskNo(1)), Text: text}}})
		text.Result = wild(500_000)
		w.commit(&store.Change{Results: []store.Result{{Task: taskNo(1), No: 1, Text: text.Result}}})
		w.equal(w.load(store.LoadQuery{Task: taskNo(1), Text: true}).Text, text)
		page, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: ann, Limit: 1, Now: w.now})
		w.ok(err)
		w.equal(page.Tasks[0].Text, text)
	}},
	{"Text in any script", func(w *world) {
		w.people()
		for i, text := range scripts {
			t := w.open(taskNo(i), ann)
			w.commit(&store.Change{Tasks: []store.TaskWrite{{New: t, Text: store.TaskText{Need: text, Context: text}}}})
			l := w.load(store.LoadQuery{Task: t.ID, Text: true})
			w.equal(l.Text, store.TaskText{Need: text, Context: text})
		}
		w.change(ann, func(p *store.Profile) {
			p.Name, p.GoodAt, p.Tags = strings.Join(scripts, " "), strings.Join(scripts, "\n"), scripts
		})
		w.equal(w.agent(ann).Tags, scripts)
		w.equal(w.agent(ann).GoodAt, strings.Join(scripts, "\n"))
	}},
	{"Large amounts stay exact", func(w *world) {
		w.register(ann)
		const amount = 1_000_000_000_000_001
		c := &store.Change{
			Transfers: []store.Transfer{w.grant(ann, amount)},
			Accounts:  []store.AccountDelta{{Agent: ann, Earned: amount, Spent: amount}},
		}
		w.commit(c)
		a := w.agent(ann)
		w.equal(a.Balance, int64(amount+bonus))
		w.equal(a.Earned, int64(amount))
		w.equal(a.Spent, int64(amount))
		w.equal(w.stats(ann, w.now).EarnedAt, []int64{amount})
	}},
	{"Ids that differ only by case are different", func(w *world) {
		upper, lower := store.AgentID("ag-ABCDEFGH00000000"), store.AgentID("ag-abcdefgh00000000")
		w.register(upper)
		w.register(lower)
		w.post("tk-XYZ", upper)
		w.post("tk-xyz", lower)
		w.equal(w.task("tk-XYZ").Poster, upper)
		w.equal(w.task("tk-xyz").Poster, lower)
		w.commit(&store.Change{
			Transfers: []store.Transfer{w.grant(upper, 7)},
			Events:    []store.Event{{Agent: lower, Type: store.EventTaskClaimed, Task: "tk-XYZ", At: w.now}},
			Trust:     []store.TrustWrite{{New: store.TrustPair{From: upper, To: lower, Score: 0.6, Interactions: 1, UpdatedAt: w.now}}},
		})
		w.equal(w.agent(upper).Balance, int64(bonus+7))
		w.equal(w.agent(lower).Balance, int64(bonus))
		w.equal(w.eventPage(upper, 0, 9).Head, int64(0))
		w.equal(w.eventPage(lower, 0, 9).Head, int64(1))
		w.equal(w.load(store.LoadQuery{Caller: lower, TrustIn: true}).TrustIn[0].From, upper)
	}},
}

// scripts are texts that trip encoders.
var scripts = []string{
	"plain", "Grüße, naïve café", "漢字かな交じり文", "العربية", "हिन्दी", "👩‍👩‍👧‍👦 🇩🇪", "e\u0301 ≠ é",
	`"quotes" 'single' \back\slash {brace} $1 %s :x ?`, "line\r\nfeed\ttab\u2028\u2029", "\u0001\u001f\u007f\ufeff\uffff",
	"</script><!-- & -->", "𝄞 beyond the first plane", "null", "[]", "{}", "0", " ",
}

// wild returns n characters of one to four bytes.
func wild(n int) string {
	pattern := []rune("aé漢𝄞\"\\\n")
	out := make([]rune, n)
	for i := range out {
		out[i] = pattern[i%len(pattern)]
	}
	return string(out)
}

// full fails the test when a field is zero, so that a field that is added later
// cannot be forgotten here.
func (w *world) full(v any) {
	w.Helper()
	if empty := emptyField(reflect.ValueOf(v)); empty != "" {
		w.Fatalf("the suite itself is incomplete: %T%s is not set", v, empty)
	}
}

func emptyField(v reflect.Value) string {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case name == "Seq" && v.Type() == reflect.TypeFor[store.Task]():
			// The store assigns this field.
		case f.IsZero():
			return "." + name
		case f.Kind() == reflect.Pointer && f.Elem().Kind() == reflect.Struct && f.Elem().Type() != timeType:
			if inner := emptyField(f.Elem()); inner != "" {
				return fmt.Sprintf(".%s%s", name, inner)
			}
		}
	}
	return ""
}

func fullTask(w *world) *store.Task {
	yes := true
	return &store.Task{
		ID: taskNo(77), Version: 1, Poster: ann, MaxCredits: 100_000,
		System: &store.System{
			Type: store.VerifyCompletion, Parent: taskNo(1), Delivery: 3, Subject: cyd,
			Until: w.in(time.Hour), Again: w.in(2 * time.Hour), Excluded: []store.AgentID{ann, bob},
		},
		Tags: []string{"Go", "api-design"}, ExtractedTags: []string{"x_1"},
		ExternalID: "order 77",
		Metadata:   map[string]string{"order": "77", "empty": "", "k=1:é": "a=2:b, \"c\""},
		CreatedAt:  w.now, ExpiresAt: w.in(time.Microsecond), Deadline: w.in(2 * time.Microsecond),
		ClaimTimeout: 3 * time.Minute, ReviewTimeout: 525_600 * time.Minute,
		Direct:   &store.Direct{To: []store.AgentID{cyd, bob}, OpensAt: w.in(5 * time.Hour), Opened: true},
		Status:   store.StatusApproved,
		Matching: &store.Matching{State: store.Matched, Until: w.in(time.Second), Agents: []store.AgentID{cyd, bob}},
		Children: []store.TaskID{taskNo(5), taskNo(6)}, Claims: 2, Deliveries: 3, Verifications: 4,
		Claim: &store.Claim{
			Worker: bob, At: w.now, Timeout: w.in(time.Minute), Grace: w.in(time.Hour),
			Progress: store.Progress{At: w.in(2 * time.Second), Told: w.in(time.Second), Note: "half\nof it", Percent: new(50)},
		},
		Delivery: &store.Delivery{
			No: 3, At: w.now, Charged: 99, Bytes: 17, ReviewUntil: w.in(time.Hour),
			Verification: &store.Verification{
				Status: store.VerificationCompleted, MeetsRequirements: &yes, Explanation: "fine", Proven: &yes,
			},
		},
		Rejections: 5, Rejection: &store.Rejection{Reason: "no", Feedback: "more", At: w.now},
		Ending: &store.Ending{
			At: w.now, Charged: 99, Fee: 9, Auto: true, Rating: 5, Feedback: "good",
			PosterRating: 4, PosterFeedback: "kind", Outcome: "split", Reason: "both\nare right", TakenBack: 7,
		},
		Bytes: 18, TextsPruned: true,
		Superseded: []store.Superseded{
			{No: 1, Worker: cyd, Bytes: 19, Until: w.in(3 * time.Hour), At: w.in(-time.Hour), Charged: 98},
			{No: 2, Worker: bob, Until: w.in(4 * time.Hour)},
		},
		NextDue: w.in(3 * time.Hour),
	}
}

func fullProfile(w *world) *store.Profile {
	return &store.Profile{
		ID: ann, Version: 1, Name: "Ann", GoodAt: "go", Tags: []string{"go"}, ExtractedTags: []string{"sql"},
		AcceptsSystemTasks: true, Appointed: true, WebhookURL: "https://example.com/hook", WebhookSecret: "s",
		OldWebhookSecret: "o", OldSecretUntil: w.in(time.Hour), Suspended: true, SuspendReason: "why",
		Extraction: taskNo(1), ExtractedAt: w.in(-time.Hour), ExtractionOf: "0a1b", WorkedFor: []store.AgentID{cyd, bob},
		ExternalID: "user 1", OldKeyUntil: w.in(2 * time.Hour), KeyMadeAt: w.in(-time.Minute), CreatedAt: w.now,
	}
}

func fullAccount(w *world) store.Account {
	return store.Account{
		Balance: bonus, Escrowed: 2, OpenClaims: 3, Posted: 4, Completed: 5, RatingSum: 6, RatingCount: 7,
		Earned: 8, Fees: 9, Charged: 10, Spent: 11, Rejected: 12,
		Approvals: 13, Rejections: 14, FeesBrought: 15, TextBytes: 16,
		SystemPay: store.SystemPay{Pending: 1, Paid: []store.SystemPaid{{At: w.in(-time.Hour), Credits: 2, Fees: 3}}},
		Strikes:   store.Strikes{Count: 4, BlockedUntil: w.in(time.Minute)}, EventSeq: 1, LedgerSeq: 1,
	}
}

// delivered is a task of ann in the hands of bob, with its first delivery.
func delivered(w *world, id store.TaskID) *store.Task {
	t := w.open(id, ann)
	t.Status = store.StatusDelivered
	t.Claim = &store.Claim{Worker: bob, At: w.now}
	t.Delivery = &store.Delivery{No: 1, At: w.now, Charged: t.MaxCredits}
	return t
}

func record(w *world, key string) *store.IdempotencyRecord {
	return &store.IdempotencyRecord{
		IdempotencyID: store.IdempotencyID{Caller: ann, Operation: "post", Key: key},
		Request:       [32]byte{1}, Outcome: json.RawMessage(`{"task_id":"tk-1"}`), ExpiresAt: w.in(24 * time.Hour),
	}
}
