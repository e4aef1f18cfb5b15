package mcpserver

import (
	"context"
	"fmt"

	"github.com/pinchwork/pinchwork/market"
)

type estimateInput struct {
	Need string `json:"need"`
	Tags words  `json:"tags"`
}

func estimate(ctx context.Context, m market.AgentAPI, in estimateInput) (*reply, error) {
	e, err := m.Estimate(ctx, market.EstimateInput{Need: in.Need, Tags: in.Tags})
	if err != nil {
		return nil, err
	}
	r := &reply{Next: []string{"delegate"}}
	if e.MedianCredits == nil || e.P25 == nil || e.P75 == nil || e.Tasks == nil {
		r.Message = "Fewer than 5 posters had anything like this done in the last 30 days, so there is no price to go by."
		return r, nil
	}
	r.Message = fmt.Sprintf("Half of %d such tasks of the last 30 days had a max_credits of %d to %d, the middle one of %d.", *e.Tasks, *e.P25, *e.P75, *e.MedianCredits)
	r.Prices = &e
	return r, nil
}
