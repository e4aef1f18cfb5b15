package market

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/demand"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// demandDays is how far back figures of demand go.
	demandDays = 30 * 24 * time.Hour
	// demandAge is for how long such figures stand before they are computed again.
	demandAge = time.Minute
	// demandTrades bounds the approvals that they are computed from, demandLooks the
	// ended tasks that are looked at to find those, demandPage those of one read.
	demandTrades, demandLooks, demandPage = 10_000, 20_000, 1_000
	// listedTags bounds the tags of open tasks that are listed.
	listedTags = 1_000
)

// Tags tells which tags are in demand, and what tasks with them have cost lately (rule
// 6.14): the tags of open tasks, those of most tasks first, and of what was approved in
// the last 30 days; or the tags asked for. Open tasks and agents are counted now, the
// other figures once a minute. Listed are at most the 1,000 tags of most open tasks and
// the 1,000 of most approvals. Limit 1–100, default 100.
//
// Errors: ErrInvalid; ErrUnavailable, with the code warming while the board is loading.
func (m *Market) Tags(ctx context.Context, q TagQuery) (list TagList, err error) {
	finish := m.meter.operation(&ctx, "tags")
	defer func() { finish(err) }()
	if q.Page, err = checkPage(q.Page, 100, 100); err != nil {
		return list, err
	}
	if q.Tags, err = rules.CheckTags("tags", q.Tags, limits.Tags); err != nil {
		return list, err
	}
	now := m.now()
	lately, err := m.trades(ctx, now)
	if err != nil {
		return list, err
	}
	if err = m.consult(ctx, func() { list = m.tagList(lately, q.Tags, now) }); err != nil {
		return TagList{}, err
	}
	list.Tags = list.Tags[min(q.Offset, len(list.Tags)):]
	list.Tags = list.Tags[:min(q.Limit, len(list.Tags))]
	for i := range list.Tags {
		list.Tags[i].Agents = m.mirror.Agents.Tagged(list.Tags[i].Tag)
	}
	return list, nil
}

// Tags is Market.Tags.
func (h *Handle) Tags(ctx context.Context, q TagQuery) (TagList, error) { return h.m.Tags(ctx, q) }

// tagList lists the tags that are asked for, or all there are, without their agents.
func (m *Market) tagList(lately *demand.Sample, asked []string, now time.Time) (list TagList) {
	open := map[string]int{}
	list.Tags = []TagDemand{}
	if len(asked) > 0 {
		for i, n := range m.mirror.Board.TasksWith(now, asked...) {
			open[text.FoldTag(asked[i])] = n
		}
	} else {
		top, total := m.mirror.Board.PopularTags(now, listedTags)
		list.TotalMore = total > len(top)
		for _, t := range top {
			open[t.Tag] = t.Tasks
		}
		closed := slices.DeleteFunc(slices.Clone(lately.Tags()), func(tag string) bool { _, listed := open[tag]; return listed })
		for i, n := range m.mirror.Board.TasksWith(now, closed...) {
			open[closed[i]] = n
		}
	}
	for tag, n := range open {
		list.Tags = append(list.Tags, tagDemand(tag, n, lately.Tag(tag)))
	}
	slices.SortFunc(list.Tags, func(a, b TagDemand) int {
		return cmp.Or(cmp.Compare(b.OpenTasks, a.OpenTasks), cmp.Compare(b.approved(), a.approved()), strings.Compare(a.Tag, b.Tag))
	})
	list.Total = len(list.Tags)
	return list
}

func (d *TagDemand) approved() int64 {
	if d.Approved30d == nil {
		return 0
	}
	return *d.Approved30d
}

func tagDemand(tag string, open int, f *demand.Figures) TagDemand {
	d := TagDemand{Tag: tag, OpenTasks: open}
	if f != nil {
		d.MedianCredits, d.Approved30d = new(f.Credits), new(f.Approved)
		d.MedianMinutesToClaim, d.MedianMinutesToApproval = new(inMinutes(f.ToClaim)), new(inMinutes(f.ToApproval))
	}
	return d
}

// inMinutes rounds to 2 decimals.
func inMinutes(d time.Duration) float64 { return math.Round(d.Minutes()*100) / 100 }

// Estimate says what tasks like a draft have cost in the last 30 days: those that share
// the most tags with it, or without tags, or where too few posters used them, the most
// words of its need (rule 6.15). It posts nothing.
//
// Errors: ErrInvalid, ErrUnauthorized, ErrSuspended, ErrUnavailable.
func (h *Handle) Estimate(ctx context.Context, in EstimateInput) (e Estimate, err error) {
	draft, err := checkPost(PostInput{Need: in.Need, Tags: in.Tags})
	if err != nil {
		return e, h.m.refused(ctx, "estimate", err)
	}
	_, err = h.m.operate(ctx, operation{
		name: "estimate", load: store.LoadQuery{Caller: h.id},
		commit: func(ctx context.Context, d *done) (again bool, err error) {
			e, err = h.m.estimate(ctx, draft, d.now)
			return false, err
		},
	})
	return e, err
}

func (m *Market) estimate(ctx context.Context, draft PostInput, now time.Time) (Estimate, error) {
	lately, err := m.trades(ctx, now)
	if err != nil {
		return Estimate{}, err
	}
	if prices, ok := lately.ByTags(foldTags(draft.Tags)); ok {
		return estimated(prices), nil
	}
	words, err := m.tradeWords(ctx, lately)
	if err != nil {
		return Estimate{}, err
	}
	if prices, ok := words.Similar(wordsOf(draft.Need, draft.Tags)); ok {
		return estimated(prices), nil
	}
	return Estimate{}, nil
}

func estimated(p demand.Prices) Estimate {
	return Estimate{MedianCredits: &p.Median, P25: &p.P25, P75: &p.P75, Tasks: &p.Tasks}
}
