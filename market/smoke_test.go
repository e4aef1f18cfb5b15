package market_test

import (
	"context"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store/memory"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	m, err := market.New(market.Config{Store: memory.New(), Matcher: matcher.New()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Register(ctx, market.RegisterInput{Name: "worker", GoodAt: "python review"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.As(a.AgentID).Post(ctx, market.PostInput{Need: "Review python code", Tags: []string{"python"}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.As(b.AgentID).Browse(ctx, market.BrowseQuery{})
	t.Logf("%+v %v", list, err)
	c, ok, err := m.As(b.AgentID).Pickup(ctx, market.Filter{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	t.Logf("%+v", c)
	if _, err := m.As(b.AgentID).Deliver(ctx, p.TaskID, market.DeliverInput{Result: "done", CreditsClaimed: market.Ptr(int64(20))}); err != nil {
		t.Fatal(err)
	}
	v, err := m.As(a.AgentID).Approve(ctx, p.TaskID, market.ApproveInput{Rating: market.Ptr(5)})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", v)
	cr, err := m.As(b.AgentID).Credits(ctx, market.Page{})
	t.Logf("%+v %v", cr, err)
	st, err := m.As(b.AgentID).Stats(ctx)
	t.Logf("%+v %v", st, err)
	au, err := m.Audit(ctx)
	t.Logf("%+v %v", au, err)
}
