package market

import "context"

// Overview returns the public dashboard's numbers; they may be some seconds old.
// Open and Agents count what everybody is shown: neither suspended agents nor
// their open tasks. While the board is still loading, those are counted too.
func (m *Market) Overview(ctx context.Context) (_ Overview, err error) {
	finish := m.meter.operation(&ctx, "overview")
	defer func() { finish(err) }()
	t, err := m.store.Totals(ctx)
	if err != nil {
		return Overview{}, known(ctx, err)
	}
	o := Overview{Escrowed: t.Escrowed, Agents: t.Agents, Tasks: byState(t.Tasks)}
	o.InProgress, o.Done = o.Tasks.Claimed+o.Tasks.Delivered, o.Tasks.Approved
	if m.mirror.Fresh(ctx) == nil {
		o.Tasks.Posted = max(o.Tasks.Posted-int64(m.mirror.Board.Withheld(m.now())), 0)
		o.Agents = int64(m.mirror.Agents.Active())
	}
	o.Open = o.Tasks.Posted
	return o, nil
}
