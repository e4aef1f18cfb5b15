package market_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Identities and accounts of agents.

func TestRegister(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		r, err := k.Market.Register(k.Ctx, market.RegisterInput{
			Name: "ada", GoodAt: "Go", Tags: []string{"Go", "go", "sql"}, WebhookURL: "https://example.com/hook", WebhookSecret: "s",
		})
		if err != nil || r.Credits != 100 || !strings.Contains(r.Message, "SAVE") {
			t.Fatalf("registered: %+v, %v", r, err)
		}
		if !regexp.MustCompile(`^ag-[0-9A-Za-z]{12,}$`).MatchString(string(r.AgentID)) {
			t.Errorf("the id is %q", r.AgentID)
		}
		if !regexp.MustCompile(`^pwk-[A-Za-z0-9_-]{41,}$`).MatchString(string(r.APIKey)) {
			t.Errorf("the key is %q", string(r.APIKey))
		}
		id, _, err := k.Market.Admit(k.Ctx, r.APIKey, nil)
		if err != nil || id != r.AgentID {
			t.Errorf("the key opens %q, %v", id, err)
		}
		for _, key := range []market.APIKey{"", "pwk-", r.APIKey + "x", r.APIKey[:len(r.APIKey)-1], market.APIKey(strings.ToUpper(string(r.APIKey))), "ключ"} {
			_, _, err := k.Market.Admit(k.Ctx, key, nil)
			markettest.Refused(t, err, market.ErrUnauthorized)
		}
		me, err := k.Market.As(r.AgentID).Me(k.Ctx)
		if err != nil || me.Name != "ada" || me.GoodAt != "Go" || !slices.Equal(me.Tags, []string{"Go", "sql"}) || me.WebhookURL != "https://example.com/hook" || me.Credits != 100 {
			t.Errorf("the profile is %+v, %v", me, err)
		}
	})
}

func TestRegisterLimits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		tags := func(n int) (out []string) {
			for i := range n {
				out = append(out, fmt.Sprint("t", i))
			}
			return out
		}
		ok := market.RegisterInput{
			Name: strings.Repeat("é", 200), GoodAt: strings.Repeat("日", 2_000), WebhookSecret: strings.Repeat("é", 500), Tags: tags(20),
			WebhookURL: "https://example.com/" + strings.Repeat("x", 1_980),
		}
		if _, err := k.Market.Register(k.Ctx, ok); err != nil {
			t.Errorf("at the limits: %v", err)
		}
		for _, c := range []struct {
			field  string
			change func(in *market.RegisterInput)
		}{
			{"name", func(in *market.RegisterInput) { in.Name = "" }},
			{"name", func(in *market.RegisterInput) { in.Name = " \t " }},
			{"name", func(in *market.RegisterInput) { in.Name += "x" }},
			{"name", func(in *market.RegisterInput) { in.Name = "a\x00" }},
			{"name", func(in *market.RegisterInput) { in.Name = "\xff" }},
			{"good_at", func(in *market.RegisterInput) { in.GoodAt += "x" }},
			{"webhook_url", func(in *market.RegisterInput) { in.WebhookURL += "x" }},
			{"webhook_url", func(in *market.RegisterInput) { in.WebhookURL = "http://example.com/" }},
			{"webhook_url", func(in *market.RegisterInput) { in.WebhookURL = "https://localhost/" }},
			{"webhook_url", func(in *market.RegisterInput) { in.WebhookURL = "https://127.1/" }},
			{"webhook_url", func(in *market.RegisterInput) { in.WebhookURL = "https://user:pw@example.com/" }},
			{"webhook_url", func(in *market.RegisterInput) { in.WebhookURL = "not a url" }},
			{"webhook_secret", func(in *market.RegisterInput) { in.WebhookSecret += "x" }},
			{"tags", func(in *market.RegisterInput) { in.Tags = tags(21) }},
			{"invite", func(in *market.RegisterInput) { in.Invite = market.InviteToken(strings.Repeat("x", 256)) }},
			{"tags", func(in *market.RegisterInput) { in.Tags = []string{"with space"} }},
			{"tags", func(in *market.RegisterInput) { in.Tags = []string{""} }},
			{"tags", func(in *market.RegisterInput) { in.Tags = []string{strings.Repeat("x", 51)} }},
		} {
			in := ok
			c.change(&in)
			_, err := k.Market.Register(k.Ctx, in)
			if e := markettest.Refused(t, err, market.ErrInvalid, c.field); e.Field != c.field {
				t.Errorf("the field is %q, want %q", e.Field, c.field)
			}
		}
	})
}

func TestInitialCreditsAreASetting(t *testing.T) {
	for _, credits := range []int64{0, 7} {
		t.Run(fmt.Sprint(credits), func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				r, err := k.Market.Register(k.Ctx, market.RegisterInput{Name: "ada"})
				if err != nil || r.Credits != credits {
					t.Fatalf("registered: %+v, %v", r, err)
				}
				c, err := k.Market.As(r.AgentID).Credits(k.Ctx, market.Page{})
				if err != nil || c.Balance != credits || c.Total != int(min(credits, 1)) || c.Ledger == nil {
					t.Errorf("credits: %+v, %v", c, err)
				}
			}, policy(func(p *market.Policy) { p.InitialCredits = credits }))
		})
	}
}

func TestUpdateChangesOnlyWhatIsThere(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.GoodAt("Go"), markettest.Capable("go"), markettest.Webhook("https://example.com/a", "secret"))
		me := ada.Update(market.UpdateInput{Name: market.Some("Ada")})
		if me.Name != "Ada" || me.GoodAt != "Go" || !slices.Equal(me.Tags, []string{"go"}) || me.WebhookURL != "https://example.com/a" {
			t.Errorf("another name: %+v", me)
		}
		me = ada.Update(market.UpdateInput{
			GoodAt: market.Null[string](), Tags: market.Null[[]string](), WebhookURL: market.Null[string](), WebhookSecret: market.Null[string](),
		})
		if me.Name != "Ada" || me.GoodAt != "" || len(me.Tags) != 0 || me.WebhookURL != "" {
			t.Errorf("cleared: %+v", me)
		}
		me = ada.Update(market.UpdateInput{AcceptsSystemTasks: market.Some(true), Tags: market.Some([]string{"SQL"})})
		if !me.AcceptsSystemTasks || !slices.Equal(me.Tags, []string{"SQL"}) {
			t.Errorf("infra: %+v", me)
		}
		if got := ada.Me(); got.Name != "Ada" || !got.AcceptsSystemTasks {
			t.Errorf("read again: %+v", got)
		}
		for field, in := range map[string]market.UpdateInput{
			"name":                 {Name: market.Null[string]()},
			"accepts_system_tasks": {AcceptsSystemTasks: market.Null[bool]()},
			"good_at":              {GoodAt: market.Some(strings.Repeat("x", 2_001))},
			"webhook_url":          {WebhookURL: market.Some("http://example.com")},
			"tags":                 {Tags: market.Some([]string{"a b"})},
		} {
			_, err := ada.API.UpdateMe(k.Ctx, in)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != field {
				t.Errorf("the field is %q, want %q", e.Field, field)
			}
		}
		if got := ada.Me(); got.Name != "Ada" {
			t.Errorf("a refused update changed %+v", got)
		}
	})
}

func TestPublicProfiles(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.GoodAt("Go"), markettest.Capable("go"), markettest.Webhook("https://example.com/a", "secret"))
		p := ada.Profile()
		if p.ID != ada.ID || p.Name != "ada" || p.GoodAt != "Go" || !slices.Equal(p.Tags, []string{"go"}) {
			t.Errorf("the profile is %+v", p)
		}
		for _, id := range []market.AgentID{market.Platform, "ag-0000000000000000", ""} {
			_, err := k.Market.Agent(k.Ctx, id)
			markettest.Refused(t, err, market.ErrNotFound, "Agent not found")
		}
	})
}

func TestAgentSearch(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("Ada", markettest.GoodAt("Machine Learning, Go"), markettest.Capable("go", "ml"))
		bob := k.Agent("bob", markettest.GoodAt("machine repair"), markettest.Capable("GO"))
		eve := k.Agent("eve", markettest.GoodAt("ＭＡＣＨＩＮＥ ﬁtting, Straße"))
		k.Do("some work", func() {
			ada.Work(eve.Post("task", markettest.Budget(1)), eve, 4)
			bob.Work(eve.Post("task", markettest.Budget(1)), eve, 5)
			ada.Work(eve.Post("task", markettest.Budget(1)), eve, 4)
		})
		for name, c := range map[string]struct {
			q    market.AgentQuery
			want []*markettest.Agent
		}{
			"all, by reputation":   {market.AgentQuery{}, []*markettest.Agent{bob, ada, eve}},
			"by completed tasks":   {market.AgentQuery{SortBy: "tasks_completed"}, []*markettest.Agent{ada, bob, eve}},
			"a term":               {market.AgentQuery{Search: "MACHINE"}, []*markettest.Agent{bob, ada, eve}},
			"two terms":            {market.AgentQuery{Search: "learn machine"}, []*markettest.Agent{ada}},
			"a name":               {market.AgentQuery{Search: "ADA"}, []*markettest.Agent{ada}},
			"compatibility forms":  {market.AgentQuery{Search: "fitting"}, []*markettest.Agent{eve}},
			"folding":              {market.AgentQuery{Search: "STRASSE"}, []*markettest.Agent{eve}},
			"nobody":               {market.AgentQuery{Search: "knitting"}, nil},
			"a tag":                {market.AgentQuery{Tags: []string{"Go"}}, []*markettest.Agent{bob, ada}},
			"all the tags":         {market.AgentQuery{Tags: []string{"go", "ml"}}, []*markettest.Agent{ada}},
			"an unknown tag":       {market.AgentQuery{Tags: []string{"cobol"}}, nil},
			"a reputation":         {market.AgentQuery{MinReputation: 4.5}, []*markettest.Agent{bob}},
			"that very reputation": {market.AgentQuery{MinReputation: 4}, []*markettest.Agent{bob, ada}},
		} {
			list, err := k.Market.Agents(k.Ctx, c.q)
			if err != nil || list.Total != len(c.want) || list.TotalMore || len(list.Agents) != len(c.want) || list.Agents == nil {
				t.Errorf("%s: %+v, %v", name, list, err)
				continue
			}
			for i, a := range c.want {
				if list.Agents[i].ID != a.ID {
					t.Errorf("%s: place %d is %s, want %s", name, i, list.Agents[i].Name, a.Name)
				}
			}
		}
		page, err := k.Market.Agents(k.Ctx, market.AgentQuery{Page: market.Page{Limit: 1, Offset: 1}})
		if err != nil || page.Total != 3 || len(page.Agents) != 1 || page.Agents[0].ID != ada.ID {
			t.Errorf("the second alone: %+v, %v", page, err)
		}
		k.Suspend(ada, true)
		if list, err := k.Market.Agents(k.Ctx, market.AgentQuery{}); err != nil || list.Total != 2 {
			t.Errorf("with ada suspended: %+v, %v", list, err)
		}
		for field, q := range map[string]market.AgentQuery{
			"sort_by":        {SortBy: "name"},
			"min_reputation": {MinReputation: 5.1},
			"limit":          {Page: market.Page{Limit: 101}},
			"offset":         {Page: market.Page{Offset: -1}},
			"search":         {Search: strings.Repeat("x", 501)},
			"tags":           {Tags: []string{"a b"}},
		} {
			_, err := k.Market.Agents(k.Ctx, q)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != field {
				t.Errorf("the field is %q, want %q", e.Field, field)
			}
		}
	})
}

func TestSuspendedAgents(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		posted, claimed := bob.Post("task", markettest.Budget(10)), ada.Post("task", markettest.Budget(10))
		bob.Claim(claimed)
		answer, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: "spam, between us"})
		if err != nil || !answer.Suspended || answer.AgentID != bob.ID || answer.Message == "" {
			t.Fatalf("suspended: %+v, %v", answer, err)
		}
		_, _, err = k.Market.Admit(k.Ctx, bob.Key, nil)
		if e := markettest.Refused(t, err, market.ErrSuspended, "Agent suspended"); strings.Contains(e.Message, "spam") {
			t.Errorf("the reason is shown: %s", e.Message)
		}
		for name, call := range map[string]func() error{
			"me":      func() error { _, err := bob.API.Me(k.Ctx); return err },
			"credits": func() error { _, err := bob.API.Credits(k.Ctx, market.Page{}); return err },
			"mine":    func() error { _, err := bob.API.Mine(k.Ctx, market.MineQuery{}); return err },
			"post":    func() error { _, err := bob.API.Post(k.Ctx, market.PostInput{Need: "x"}); return err },
			"browse":  func() error { _, err := bob.API.Browse(k.Ctx, market.BrowseQuery{}); return err },
			"pickup":  func() error { _, _, err := bob.API.Pickup(k.Ctx, market.Filter{}); return err },
			"deliver": func() error { _, err := bob.API.Deliver(k.Ctx, claimed, market.DeliverInput{Result: "x"}); return err },
			"cancel":  func() error { _, err := bob.API.Cancel(k.Ctx, posted); return err },
		} {
			if err := call(); err == nil {
				t.Errorf("%s is allowed", name)
			} else {
				markettest.Refused(t, err, market.ErrSuspended)
				markettest.Refused(t, err, market.ErrForbidden)
			}
		}
		if got := eve.Offers(); len(got) != 0 {
			t.Errorf("a suspended poster's task is offered: %v", got)
		}
		if _, ok := eve.TryPickup(); ok {
			t.Error("a suspended poster's task was picked up")
		}
		_, err = eve.API.PickupTask(k.Ctx, posted)
		markettest.Refused(t, err, market.ErrConflict)
		heard(t, bob) // matched to nothing
		ada.Post("go", markettest.Tagged("go"), markettest.Budget(1))
		heard(t, bob)
		k.Suspend(bob, false)
		if got := eve.Offers(); len(got) != 2 {
			t.Errorf("after the suspension: %v", got)
		}
		bob.Deliver(claimed, "done")
		_, err = k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: "ag-0000000000000000", Suspended: true})
		markettest.Refused(t, err, market.ErrNotFound)
	})
}

func TestGrantsAreBoundedAndAreNotEarned(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		g, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: ada.ID, Amount: 500, Reason: "payment"})
		if err != nil || g != (market.Granted{Granted: 500, AgentID: ada.ID, Balance: 600, Reason: "payment"}) {
			t.Fatalf("granted: %+v, %v", g, err)
		}
		entry := ada.Credits().Ledger[0]
		if entry.Reason != store.EntryAdminGrant || entry.Amount != 500 || entry.TaskID != "" || entry.Note != "payment" {
			t.Errorf("the entry is %+v", entry)
		}
		if s := ada.Stats(); s.TotalEarned != 0 || s.Recent7dEarned != 0 {
			t.Errorf("a grant counts as earned: %+v", s)
		}
		for _, amount := range []int64{0, -1, 1_000_000_001, 1 << 62} {
			_, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: ada.ID, Amount: amount})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "amount" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		for _, id := range []market.AgentID{"ag-0000000000000000", market.Platform, ""} {
			_, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: id, Amount: 1})
			markettest.Refused(t, err, market.ErrNotFound)
		}
		if got := ada.Balance(); got != 600 {
			t.Errorf("ada has %d", got)
		}
	})
}
