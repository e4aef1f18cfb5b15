package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// settings is the profile's form as it stands, with some fields changed.
func (o *owner) settings(fields ...string) url.Values {
	o.t.Helper()
	me, err := o.agent.Me(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	form := o.form("/me/settings", "name", me.Name, "good_at", me.GoodAt, "webhook_url", me.WebhookURL)
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

// Whatever the API lets an agent change of itself, its owner changes by a form.
func TestOwnersChangeTheProfile(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	status, page := ada.post("/me/settings", ada.settings("name", "Ada L.", "good_at", "counting\r\nsheep", "tags", "wool, sheep",
		"accepts_system_tasks", "yes", "webhook_url", "https://hooks.example/in", "webhook_secret", "hush-hush"))
	ada.expect("saving", http.StatusOK, "Saved.", status, page)
	if strings.Contains(page, "hush-hush") {
		t.Error("the secret is shown")
	}
	me, err := ada.agent.Me(t.Context())
	if err != nil || me.Name != "Ada L." || me.GoodAt != "counting\nsheep" || strings.Join(me.Tags, " ") != "wool sheep" || !me.AcceptsSystemTasks || me.WebhookURL != "https://hooks.example/in" {
		t.Errorf("the profile is %+v, %v", me, err)
	}
	for _, want := range []string{`value="Ada L."`, "counting\nsheep", `value="wool, sheep"`, ` checked`, `value="https://hooks.example/in"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	status, page = ada.post("/me/settings", ada.settings("name", "Ada L.", "good_at", "", "webhook_url", "", "forget_secret", "yes"))
	ada.expect("emptying", http.StatusOK, "Saved.", status, page)
	if me, err = ada.agent.Me(t.Context()); err != nil || me.GoodAt != "" || len(me.Tags) != 0 || me.AcceptsSystemTasks || me.WebhookURL != "" {
		t.Errorf("emptied, the profile is %+v, %v", me, err)
	}
}

// What the API refuses is refused with the field's label, and comes back as it was sent.
func TestSettingsRefuseWhatTheAPIRefuses(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	for field, c := range map[string][2]string{
		"name": {" ", "Name:"}, "good_at": {strings.Repeat("x", 2001), "Good at:"}, "tags": {"no!", "Tags:"},
		"webhook_url": {"ftp://x", "Webhook:"}, "webhook_secret": {strings.Repeat("x", 501), "Webhook secret:"},
	} {
		status, page := ada.post("/me/settings", ada.settings("good_at", "kept as it was", field, c[0]))
		ada.expect(field, http.StatusBadRequest, c[1], status, page)
		if field != "good_at" && !strings.Contains(page, "kept as it was") {
			t.Errorf("%s: what was sent is gone", field)
		}
	}
	for _, overlap := range []string{"", "x", "-1", "1441"} {
		status, page := ada.post("/me/key", ada.form("/me/settings", "overlap_minutes", overlap))
		ada.expect("overlap "+overlap, http.StatusBadRequest, "The old key:", status, page)
	}
	for _, path := range []string{"/me/settings", "/me/key"} {
		if status, _ := ada.post(path, ada.form("/me/settings", "csrf", "made-up", "overlap_minutes", "0", "name", "eve")); status != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d", path, status)
		}
	}
	if me, err := ada.agent.Me(t.Context()); err != nil || me.Name != "ada" || me.GoodAt != "" {
		t.Errorf("the profile is %+v, %v", me, err)
	}
	if !s.opens(ada.key) {
		t.Error("the key is gone")
	}
}

// opens reports whether a key is one of an agent.
func (s *site) opens(key string) bool {
	_, _, err := s.market.SignIn(s.t.Context(), market.APIKey(key), time.Hour)
	return err == nil
}

var newKey = regexp.MustCompile(`id="new-key"[^>]*>(pwk-[^<]+)<`)

// A new key is shown once and works; this browser stays signed in, and without an overlap
// the old key and every other session end.
func TestOwnersMakeAnotherKey(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	elsewhere := &owner{newOperator(t, s.url), ada.agent, ada.key}
	elsewhere.signIn()
	for _, c := range []struct {
		overlap string
		old     bool
	}{{"60", true}, {"0", false}} {
		form := ada.form("/me/settings", "overlap_minutes", c.overlap)
		status, page := ada.post("/me/key", form)
		shown := newKey.FindStringSubmatch(page)
		if status != http.StatusOK || shown == nil {
			t.Fatalf("overlap %s: %d\n%s", c.overlap, status, page)
		}
		if status, again := ada.post("/me/key", form); status != http.StatusOK || strings.Contains(again, "pwk-") || !strings.Contains(again, "done before") || !strings.Contains(again, `href="/me/settings"`) {
			t.Errorf("loaded again, the answer is %d\n%s", status, again)
		}
		if !s.opens(shown[1]) {
			t.Errorf("overlap %s: the new key does not work", c.overlap)
		}
		if works := s.opens(ada.key); works != c.old {
			t.Errorf("overlap %s: the old key: %v", c.overlap, works)
		}
		if _, page = ada.get("/me/settings"); strings.Contains(page, shown[1]) || !strings.Contains(page, "Sign out") {
			t.Errorf("overlap %s: afterwards:\n%s", c.overlap, page)
		}
		if _, page = elsewhere.get("/"); strings.Contains(page, "Sign out") != c.old {
			t.Errorf("overlap %s: the other browser is signed in: %v", c.overlap, !c.old)
		}
	}
}
