package redis

import (
	"reflect"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// fullTask has a value in every field, so that a field that is forgotten in one
// direction shows.
func fullTask() *store.Task {
	at := func(n int) time.Time { return time.Date(2026, 1, 2, 3, 4, n, 5000, time.UTC) }
	yes := true
	return &store.Task{
		ID: "tk-1", Version: 7, Seq: 9, Poster: "ag-1",
		System:     &store.System{Type: store.VerifyCompletion, Parent: "tk-2", Delivery: 3, Subject: "ag-2", Until: at(10), Again: at(9), Excluded: []store.AgentID{"ag-3", "ag-4"}},
		MaxCredits: 50, Tags: []string{"a=1:b", ""}, ExtractedTags: []string{"ü"},
		CreatedAt: at(1), ExpiresAt: at(2), Deadline: at(3), ClaimTimeout: time.Hour, ReviewTimeout: time.Minute,
		Metadata: map[string]string{"k=1:b": "v,\n", "": ""}, ExternalID: "e:1",
		Direct: &store.Direct{To: []store.AgentID{"ag-8", "ag-9"}, OpensAt: at(13), Opened: true},
		Status: store.StatusApproved, Matching: &store.Matching{State: store.Matched, Until: at(4), Agents: []store.AgentID{"ag-5"}},
		Children: []store.TaskID{"tk-3"}, Claims: 1, Deliveries: 2, Verifications: 3,
		Claim: &store.Claim{
			Worker: "ag-6", At: at(5), Timeout: at(6), Grace: at(7),
			Progress: store.Progress{At: at(21), Told: at(20), Note: "half\nof it", Percent: new(50)},
		},
		Delivery: &store.Delivery{No: 2, At: at(8), Charged: 40, Bytes: 11, ReviewUntil: at(9), Verification: &store.Verification{
			Status: store.VerificationCompleted, MeetsRequirements: &yes, Explanation: "so\nso", Proven: &yes,
		}},
		Rejections: 4, Rejection: &store.Rejection{Reason: "r", Feedback: "f", At: at(10)},
		Ending: &store.Ending{At: at(11), Charged: 40, Fee: 4, Auto: true, Rating: 5, Feedback: "g", PosterRating: 1, PosterFeedback: "h", Outcome: "u", Reason: "w", TakenBack: 3},
		Bytes:  12, TextsPruned: true, Superseded: []store.Superseded{{No: 1, Worker: "ag-7", Bytes: 13, Until: at(12), At: at(11), Charged: 14}, {}},
		NextDue: at(12),
	}
}

func assertFull(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		assertFull(t, v.Elem(), path)
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			assertFull(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case v.IsZero():
		t.Errorf("%s has no value: add one, and pack it", path)
	}
}

func TestTaskComesBackAsItWas(t *testing.T) {
	want := fullTask()
	assertFull(t, reflect.ValueOf(want), "Task")
	got, err := unpackTask(packTask(want), want.Seq)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	got, err = unpackTask(packTask(&store.Task{}), 0)
	if err != nil || !reflect.DeepEqual(got, &store.Task{}) {
		t.Fatalf("an empty task came back as %+v, %v", got, err)
	}
}

func TestProfileComesBackAsItWas(t *testing.T) {
	want := store.Profile{
		ID: "ag-1", Version: 2, Name: "n", GoodAt: "g", Tags: []string{"t"}, ExtractedTags: []string{"x"},
		AcceptsSystemTasks: true, Appointed: true, WebhookURL: "u", WebhookSecret: "s", Suspended: true, SuspendReason: "r",
		OldWebhookSecret: "o", OldSecretUntil: time.UnixMicro(2).UTC(), ExtractionOf: "e", WorkedFor: []store.AgentID{"ag-2", "ag-3"},
		Extraction: "tk-1", ExtractedAt: time.UnixMicro(1).UTC(), ExternalID: "user 1", OldKeyUntil: time.UnixMicro(3).UTC(),
		KeyMadeAt: time.UnixMicro(4).UTC(),
		CreatedAt: time.UnixMicro(0).UTC(),
	}
	assertFull(t, reflect.ValueOf(want), "Profile")
	got, err := unpackProfile(packProfile(&want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

// Newer code may add fields, which older code beside it passes over.
func TestFieldsOfNewerCodeArePassedOver(t *testing.T) {
	p := newPacker()
	put(p, "future", "any=3:thing")
	got, err := unpackTask(p.String()+packTask(fullTask())+p.String(), 9)
	if err != nil || !reflect.DeepEqual(got, fullTask()) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestDamagedDocumentIsAnError(t *testing.T) {
	whole := packTask(fullTask())
	if _, err := unpackTask(whole[:len(whole)-1], 0); err == nil {
		t.Error("a document that is cut short was accepted")
	}
	for _, doc := range []string{"id", "id=", "id=4", "id=9:tk", "id=-1:", "id=x:", "=99999999999999999999:", "sy=3:t=9"} {
		if _, err := unpackTask(doc, 0); err == nil {
			t.Errorf("%q was accepted", doc)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packTask(fullTask()))
	f.Add("id=4:tk-1v=1:2")
	f.Add("a=18446744073709551617:x")
	f.Fuzz(func(t *testing.T, doc string) {
		task, err := unpackTask(doc, 1)
		if err != nil {
			return
		}
		again, err := unpackTask(packTask(task), 1)
		if err != nil || !reflect.DeepEqual(again, task) {
			t.Fatalf("%+v became %+v, %v", task, again, err)
		}
	})
}
