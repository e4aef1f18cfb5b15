package market_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Questions, answers and messages.

func TestQuestionsAndAnswers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		_, err := ada.API.Ask(k.Ctx, id, "why?")
		markettest.Refused(t, err, market.ErrForbidden, "poster")
		q, err := bob.API.Ask(k.Ctx, id, "JSON or CSV?")
		if err != nil || !strings.HasPrefix(string(q.ID), "qa-") || q.TaskID != id || q.AskerID != bob.ID || q.Question != "JSON or CSV?" || q.Answer != "" || !q.AnsweredAt.IsZero() {
			t.Fatalf("asked: %+v, %v", q, err)
		}
		got := ada.Events()
		if len(got) != 1 || got[0].Type != store.EventTaskQuestion || got[0].Data.QuestionID != q.ID || got[0].Task != id {
			t.Errorf("the poster heard %+v", got)
		}
		k.Clock.Advance(time.Minute)
		second := eve.Ask(id, "when?")
		_, err = bob.API.Answer(k.Ctx, id, q.ID, "JSON")
		markettest.Refused(t, err, market.ErrForbidden, "poster")
		a, err := ada.API.Answer(k.Ctx, id, q.ID, "JSON")
		if err != nil || a.Answer != "JSON" || !a.AnsweredAt.Equal(k.Clock.Now()) || a.Question != "JSON or CSV?" {
			t.Fatalf("answered: %+v, %v", a, err)
		}
		_, err = ada.API.Answer(k.Ctx, id, q.ID, "CSV")
		markettest.Refused(t, err, market.ErrConflict, "answered")
		_, err = ada.API.Answer(k.Ctx, id, "qa-0000000000000000", "x")
		markettest.Refused(t, err, market.ErrNotFound, "Question")
		got = bob.Events()
		if len(got) != 1 || got[0].Type != store.EventQuestionAnswered || got[0].Data.QuestionID != q.ID {
			t.Errorf("the asker heard %+v", got)
		}
		heard(t, eve)

		bob.Claim(id)
		_, err = eve.API.Ask(k.Ctx, id, "still there?")
		markettest.Refused(t, err, market.ErrNotFound)
		list := eve.Questions(id) // whatever the task's state
		if len(list) != 2 || list[0].ID != q.ID || list[0].Answer != "JSON" || list[1].ID != second || list[1].Answer != "" {
			t.Errorf("oldest first: %+v", list)
		}
		_, err = bob.API.Ask(k.Ctx, id, "me?")
		markettest.Refused(t, err, market.ErrConflict, "claimed")
		page, err := eve.API.Questions(k.Ctx, id, market.Page{Limit: 1, Offset: 1})
		if err != nil || page.Total != 2 || len(page.Questions) != 1 || page.Questions[0].ID != second {
			t.Errorf("the second alone: %+v, %v", page, err)
		}
		_, err = eve.API.Questions(k.Ctx, "tk-0000000000000000", market.Page{})
		markettest.Refused(t, err, market.ErrNotFound)
	})
}

func TestAnswerBelongsToItsTask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		mine, other := bob.Post("task"), ada.Post("task")
		q := bob.Ask(other, "what?")
		_, err := bob.API.Answer(k.Ctx, mine, q, "not mine")
		markettest.Refused(t, err, market.ErrNotFound)
		if got := bob.Questions(other)[0]; got.Answer != "" {
			t.Errorf("answered through another task: %+v", got)
		}
	})
}

func TestFiveUnansweredQuestionsAtMost(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		var asked atomic.Int64
		k.Together(20, func(int) {
			if _, err := bob.API.Ask(k.Ctx, id, "what?"); err != nil {
				markettest.Refused(t, err, market.ErrRateLimited, "5")
				return
			}
			asked.Add(1)
		})
		if asked.Load() != 5 || len(bob.Questions(id)) != 5 {
			t.Errorf("%d of 20 were taken, %d are there", asked.Load(), len(bob.Questions(id)))
		}
		q := bob.Questions(id)[0].ID
		var answered atomic.Int64
		k.Together(5, func(int) {
			if _, err := ada.API.Answer(k.Ctx, id, q, "that"); err == nil {
				answered.Add(1)
			} else {
				markettest.Refused(t, err, market.ErrConflict)
			}
		})
		if answered.Load() != 1 {
			t.Errorf("%d answers to one question", answered.Load())
		}
		bob.Ask(id, "there is room for one again")
		_, err := bob.API.Ask(k.Ctx, id, "and not for two")
		markettest.Refused(t, err, market.ErrRateLimited)
	})
}

func TestTalkLimits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		q := bob.Ask(id, strings.Repeat("é", 1_000))
		ada.Answer(id, q, strings.Repeat("é", 5_000))
		bob.Claim(id)
		bob.Send(id, strings.Repeat("é", 5_000))
		for field, call := range map[string]func(text string) error{
			"question": func(s string) error { _, err := bob.API.Ask(k.Ctx, id, s+strings.Repeat("x", 1_001)); return err },
			"answer":   func(s string) error { _, err := ada.API.Answer(k.Ctx, id, q, s+strings.Repeat("x", 5_001)); return err },
			"message": func(s string) error {
				_, err := bob.API.SendMessage(k.Ctx, id, s+strings.Repeat("x", 5_001))
				return err
			},
		} {
			if e := markettest.Refused(t, call(""), market.ErrInvalid); e.Field != field {
				t.Errorf("the field is %q, want %q", e.Field, field)
			}
		}
		for _, blank := range []string{"", " \n", "a\x00b", "\xff"} {
			_, err := bob.API.SendMessage(k.Ctx, id, blank)
			markettest.Refused(t, err, market.ErrInvalid, "message")
		}
	})
}

func TestMessages(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		_, err := ada.API.SendMessage(k.Ctx, id, "anybody?")
		markettest.Refused(t, err, market.ErrConflict, "posted")
		_, err = eve.API.SendMessage(k.Ctx, id, "me!")
		markettest.Refused(t, err, market.ErrForbidden)
		bob.Claim(id)
		ada.Events()
		m, err := ada.API.SendMessage(k.Ctx, id, "auth first")
		if err != nil || !strings.HasPrefix(string(m.ID), "msg-") || m.TaskID != id || m.SenderID != ada.ID || m.Message != "auth first" {
			t.Fatalf("sent: %+v, %v", m, err)
		}
		got := bob.Events()
		if len(got) != 1 || got[0].Type != store.EventTaskMessage || got[0].Data.MessageID != m.ID {
			t.Errorf("the worker heard %+v", got)
		}
		k.Clock.Advance(time.Second)
		bob.Send(id, "ok")
		heard(t, ada, store.EventTaskMessage)
		heard(t, bob)
		for _, call := range []func() error{
			func() error { _, err := eve.API.Messages(k.Ctx, id, market.Page{}); return err },
			func() error { _, err := eve.API.SendMessage(k.Ctx, id, "hi"); return err },
		} {
			markettest.Refused(t, call(), market.ErrNotFound)
		}
		bob.Deliver(id, "done")
		k.Clock.Advance(time.Second)
		ada.Send(id, "looking")
		ada.Approve(id)
		_, err = ada.API.SendMessage(k.Ctx, id, "too late")
		markettest.Refused(t, err, market.ErrConflict, "approved")
		for _, a := range []*markettest.Agent{ada, bob} {
			list := a.Messages(id)
			if len(list) != 3 || list[0].Message != "auth first" || list[1].SenderID != bob.ID || list[2].Message != "looking" {
				t.Errorf("%s reads %+v", a.Name, list)
			}
		}
		page, err := bob.API.Messages(k.Ctx, id, market.Page{Limit: 1, Offset: 2})
		if err != nil || page.Total != 3 || len(page.Messages) != 1 || page.Messages[0].Message != "looking" {
			t.Errorf("the third alone: %+v, %v", page, err)
		}
	})
}

// Conversations belong to a claim (rule 10.4).
func TestANewWorkerDoesNotReadEarlierMessages(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Send(id, "a secret between us")
		bob.Abandon(id)
		_, err := bob.API.Messages(k.Ctx, id, market.Page{})
		markettest.Refused(t, err, market.ErrConflict)
		eve.Claim(id)
		if got := eve.Messages(id); len(got) != 0 {
			t.Errorf("the new worker reads %+v", got)
		}
		k.Clock.Advance(time.Second)
		eve.Send(id, "hello")
		if got := eve.Messages(id); len(got) != 1 || got[0].Message != "hello" {
			t.Errorf("the new worker reads %+v", got)
		}
		if got := ada.Messages(id); len(got) != 2 {
			t.Errorf("the poster reads %+v", got)
		}
		_, err = bob.API.Messages(k.Ctx, id, market.Page{})
		markettest.Refused(t, err, market.ErrConflict)
	})
}
