package rules_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Digests of what an agent is good at, as an extraction notes them: the first eight
// bytes of its SHA-256.
const (
	digestOfGo   = "6cc8519b91584e8b"
	digestOfRust = "d9aa89fdd15ad5c4"
	nextSystem   = store.TaskID("tk-next")
)

func extractDraft() *rules.Draft {
	return rules.ExtractDraft(nextSystem, rules.ExtractInput{AgentID: worker, GoodAt: "Go"})
}

// newExtraction is the task of extractDraft, posted at an instant.
func newExtraction(at time.Time) *store.Task {
	t := extracting()
	t.ID, t.Version, t.CreatedAt, t.ExpiresAt = nextSystem, 1, at, at.Add(72*time.Hour)
	t.NextDue = t.ExpiresAt
	return t
}

// extracts adds a new extraction of the worker to a change, whose pending system pay
// was so before and is so after.
func extracts(c store.Change, got *rules.Outcome, before, after int64) store.Change {
	var text store.TaskText
	for _, w := range got.Tasks {
		if w.Old == nil {
			text = w.Text
		}
	}
	c.Tasks = append(c.Tasks, store.TaskWrite{New: newExtraction(c.At), Text: text})
	c.SystemPays = []store.SystemPayWrite{{Agent: worker, Old: store.SystemPay{Pending: before}, New: store.SystemPay{Pending: after}}}
	c.Feed = append([]store.FeedItem{feed(nextSystem, 1, true)}, c.Feed...)
	return c
}

func TestRegister(t *testing.T) {
	key := store.KeyDigest{1}
	change := func(edit func(*store.Profile)) store.Change {
		next := store.Profile{ID: worker, Version: 1, GoodAt: "Go", CreatedAt: t1}
		edit(&next)
		return store.Change{
			At: t1, Agents: []store.AgentWrite{{New: &next, Key: key}},
			Transfers: []store.Transfer{{
				From: store.PlatformAccount, To: "ag-worker", Amount: 100, Kind: store.EntrySignupBonus, Agent: worker, At: t1,
			}},
			Feed: []store.FeedItem{agentFeed(worker)},
		}
	}
	profile := store.Profile{ID: worker, GoodAt: "Go"}
	decides(t, change(func(*store.Profile) {}))(policy().Register(t1, profile, key, nil), nil)

	free := policy()
	free.InitialCredits = 0
	want := change(func(*store.Profile) {})
	want.Transfers = nil
	decides(t, want)(free.Register(t1, profile, key, nil), nil)

	got := policy().Register(t1, profile, key, extractDraft())
	decides(t, extracts(change(func(n *store.Profile) {
		n.Extraction, n.ExtractionOf, n.ExtractedAt = nextSystem, digestOfGo, t1
	}), got, 0, 2))(got, nil)

	frugal := policy()
	frugal.SystemPayPerDay = 1
	decides(t, change(func(*store.Profile) {}))(frugal.Register(t1, profile, key, extractDraft()), nil)
}

// reading is a worker who is good at Go, about whom an extraction was posted at t0.
func reading() *store.Loaded {
	l := &store.Loaded{Caller: agent(worker)}
	l.Caller.GoodAt, l.Caller.ExtractedTags = "Go", []string{"go"}
	l.Caller.Extraction, l.Caller.ExtractionOf, l.Caller.ExtractedAt = system, digestOfGo, t0
	return l
}

func TestUpdate(t *testing.T) {
	// changed is the change of a profile at an instant.
	changed := func(l *store.Loaded, at time.Time, edit func(*store.Profile)) store.Change {
		return store.Change{
			At: at, Agents: []store.AgentWrite{{Old: &l.Caller.Profile, New: profiled(&l.Caller.Profile, edit)}},
			Feed: []store.FeedItem{agentFeed(worker)},
		}
	}
	update := func(l *store.Loaded, at time.Time, goodAt string, last *store.Task) *rules.Outcome {
		next := l.Caller.Profile
		next.Name, next.GoodAt = "new", goodAt
		return policy().Update(at, l, next, last, extractDraft())
	}
	half := t0.Add(30 * time.Minute)

	t.Run("of the name alone", func(t *testing.T) {
		decides(t, changed(reading(), t2, func(n *store.Profile) { n.Name = "new" }))(update(reading(), t2, "Go", extracting()), nil)
	})
	t.Run("of what was never read", func(t *testing.T) {
		l := &store.Loaded{Caller: agent(worker)}
		got := update(l, t0, "Rust", nil)
		decides(t, extracts(changed(l, t0, func(n *store.Profile) {
			n.Name, n.GoodAt, n.Extraction, n.ExtractionOf, n.ExtractedAt = "new", "Rust", nextSystem, digestOfRust, t0
		}), got, 0, 2))(got, nil)
	})
	t.Run("of what was read within the hour by nobody who is known", func(t *testing.T) {
		decides(t, changed(reading(), half, func(n *store.Profile) { n.Name, n.GoodAt = "new", "Rust" }))(update(reading(), half, "Rust", nil), nil)
	})
	replaced := func(l *store.Loaded, at time.Time) (store.Change, store.TaskWrite) {
		return changed(l, at, func(n *store.Profile) {
			n.Name, n.GoodAt, n.Extraction, n.ExtractionOf, n.ExtractedAt = "new", "Rust", nextSystem, digestOfRust, at
		}), store.TaskWrite{Old: extracting(), New: cancelled(extracting(), at)}
	}
	t.Run("before anybody has claimed the extraction, which gives back its pay", func(t *testing.T) {
		l := reading()
		l.Caller.SystemPay.Pending = 20
		got := update(l, half, "Rust", extracting())
		want, ended := replaced(l, half)
		want = extracts(want, got, 20, 20)
		want.Tasks = append([]store.TaskWrite{ended}, want.Tasks...)
		want.Feed = append([]store.FeedItem{feed(system, 5, false)}, want.Feed...)
		decides(t, want)(got, nil)
	})
	t.Run("before anybody has claimed the extraction, beyond the budget", func(t *testing.T) {
		l := reading()
		l.Caller.SystemPay.Pending = 21
		_, ended := replaced(l, half)
		want := changed(l, half, func(n *store.Profile) {
			n.Name, n.GoodAt, n.Extraction, n.ExtractionOf, n.ExtractedAt = "new", "Rust", "", "", time.Time{}
		})
		want.Tasks = []store.TaskWrite{ended}
		want.SystemPays = []store.SystemPayWrite{{Agent: worker, Old: store.SystemPay{Pending: 21}, New: store.SystemPay{Pending: 19}}}
		want.Feed = append([]store.FeedItem{feed(system, 5, false)}, want.Feed...)
		decides(t, want)(update(l, half, "Rust", extracting()), nil)
	})
	t.Run("to nothing", func(t *testing.T) {
		want := changed(reading(), half, func(n *store.Profile) { n.Name, n.GoodAt, n.ExtractedTags, n.ExtractionOf = "new", "", nil, "-" })
		decides(t, want)(update(reading(), half, "", by(extracting(), infra)), nil)
	})
	again := func(old *store.Task, at time.Time) store.Change {
		want := changed(reading(), at, func(n *store.Profile) { n.Name, n.GoodAt = "new", "Rust" })
		next := with(old, func(n *store.Task) {
			s := *n.System
			s.Again, n.NextDue = t0.Add(time.Hour), t0.Add(time.Hour)
			n.System = &s
		})
		want.Tasks = []store.TaskWrite{{Old: old, New: next}}
		return want
	}
	t.Run("within the hour, while somebody reads", func(t *testing.T) {
		old := by(extracting(), infra)
		decides(t, again(old, t1.Add(-1)))(update(reading(), t1.Add(-1), "Rust", by(extracting(), infra)), nil)
	})
	t.Run("within the hour, after somebody read", func(t *testing.T) {
		old := by(extracting(), infra)
		old.Status, old.Ending, old.NextDue = store.StatusApproved, &store.Ending{At: t0}, time.Time{}
		decides(t, again(old, half))(update(reading(), half, "Rust", old), nil)
		same(t, old.System.Again, time.Time{})
	})
	t.Run("within the hour, back to what is read", func(t *testing.T) {
		l := reading()
		l.Caller.GoodAt = "Rust"
		want := changed(l, half, func(n *store.Profile) { n.Name, n.GoodAt = "new", "Go" })
		decides(t, want)(update(l, half, "Go", by(extracting(), infra)), nil)
	})
	t.Run("as the hour has passed", func(t *testing.T) {
		got := update(reading(), t1, "Rust", by(extracting(), infra))
		want, _ := replaced(reading(), t1)
		decides(t, extracts(want, got, 0, 2))(got, nil)
	})
}

// When the hour has passed, what changed within it is read by another extraction,
// unless it has been, has gone, or there is nobody to read it.
func TestAnExtractionFollows(t *testing.T) {
	old := func() *store.Task {
		t := by(extracting(), infra)
		t.System.Again, t.NextDue = t1, t1
		return t
	}
	due := func(edit func(*store.Agent)) *store.Loaded {
		l := loaded("", old())
		l.Subject = reading().Caller
		l.Subject.GoodAt = "Rust"
		edit(l.Subject)
		return l
	}
	read := with(by(extracting(), infra), asItIs)
	nothing := store.Change{At: t1, Tasks: []store.TaskWrite{{Old: old(), New: read}}}
	fire := func(l *store.Loaded, draft *rules.Draft) (*rules.Outcome, error) {
		return policy().Timer(t2, l, rules.Ranking{}, draft), nil
	}
	t.Run("with what changed", func(t *testing.T) {
		l := due(func(*store.Agent) {})
		got, _ := fire(l, extractDraft())
		want := nothing
		want.Agents = []store.AgentWrite{{Old: &l.Subject.Profile, New: profiled(&l.Subject.Profile, func(n *store.Profile) {
			n.Extraction, n.ExtractionOf, n.ExtractedAt = nextSystem, digestOfRust, t1
		})}}
		want.Feed = []store.FeedItem{agentFeed(worker)}
		decides(t, extracts(want, got, 0, 2))(got, nil)
	})
	for name, edit := range map[string]func(*store.Agent){
		"that has been read":        func(a *store.Agent) { a.GoodAt = "Go" },
		"that is gone":              func(a *store.Agent) { a.GoodAt, a.ExtractionOf = "", "-" },
		"that another one reads":    func(a *store.Agent) { a.Extraction = "tk-another" },
		"that was read meanwhile":   func(a *store.Agent) { a.ExtractedAt = t0.Add(1) },
		"that is beyond the budget": func(a *store.Agent) { a.SystemPay.Pending = 19 },
	} {
		t.Run("not with what "+name, func(t *testing.T) { decides(t, nothing)(fire(due(edit), extractDraft())) })
	}
	t.Run("not when nobody reads", func(t *testing.T) { decides(t, nothing)(fire(due(func(*store.Agent) {}), nil)) })
	t.Run("not about nobody who is loaded", func(t *testing.T) {
		l := due(func(*store.Agent) {})
		l.Subject = nil
		decides(t, nothing)(fire(l, extractDraft()))
	})
}

func TestChangeSecret(t *testing.T) {
	for name, c := range map[string]struct {
		now, old, next string
		until          time.Time
		wantOld        string
		wantUntil      time.Time
	}{
		"the first":      {"", "", "b", time.Time{}, "", time.Time{}},
		"another":        {"a", "z", "b", t0, "a", t1.Add(24 * time.Hour)},
		"the same":       {"b", "z", "b", t0, "z", t0},
		"none any more":  {"a", "z", "", t0, "", time.Time{}},
		"one after none": {"", "z", "b", t0, "", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := store.Profile{WebhookSecret: c.now, OldWebhookSecret: c.old, OldSecretUntil: c.until}
			rules.ChangeSecret(&p, c.next, t1)
			same(t, p, store.Profile{WebhookSecret: c.next, OldWebhookSecret: c.wantOld, OldSecretUntil: c.wantUntil})
		})
	}
}

func TestRotateKey(t *testing.T) {
	key := store.KeyDigest{9}
	for name, c := range map[string]struct {
		before  time.Duration // for which an old key counts still
		older   bool          // it is the one that asks
		overlap time.Duration
		until   time.Time
		keep    bool
	}{
		"the present key counts for a while":  {0, false, time.Hour, t1.Add(time.Hour), false},
		"the present key ends at once":        {0, false, 0, time.Time{}, false},
		"an old one that asks stays":          {time.Minute, true, time.Hour, t1.Add(time.Hour), true},
		"an old one goes for the present one": {time.Minute, false, time.Hour, t1.Add(time.Hour), false},
		"an old one has ended":                {-1, true, time.Hour, t1.Add(time.Hour), false},
		"the present and the old one end now": {time.Minute, true, 0, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			old := store.Profile{ID: worker, Version: 3, Name: "worker"}
			if c.before != 0 {
				old.OldKeyUntil = t1.Add(c.before)
			}
			next := old
			next.Version, next.OldKeyUntil, next.KeyMadeAt = 4, c.until, t1
			decides(t, store.Change{
				At: t1, Agents: []store.AgentWrite{{Old: &old, New: &next, Key: key, KeepOld: c.keep}}, Feed: []store.FeedItem{agentFeed(worker)},
			})(policy().RotateKey(t1, &store.Loaded{Caller: &store.Agent{Profile: old}}, key, c.overlap, c.older), nil)
		})
	}
}
