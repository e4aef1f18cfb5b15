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
	o := Overview{
		Open:       t.Tasks[StatusPosted],
		InProgress: t.Tasks[StatusClaimed] + t.Tasks[StatusDelivered],
		Done:       t.Tasks[StatusApproved],
		Escrowed:   t.Escrowed,
		Agents:     t.Agents,
	}
	if m.mirror.Fresh(ctx) == nil {
		o.Open = max(o.Open-int64(m.mirror.Board.Withheld(m.now())), 0)
		o.Agents = int64(m.mirror.Agents.Active())
	}
	return o, nil
}
