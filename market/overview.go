package market

import "context"

// Overview returns the public dashboard's numbers; they may be some seconds
// old.
func (m *Market) Overview(ctx context.Context) (Overview, error) {
	t, err := m.store.Totals(ctx)
	if err != nil {
		return Overview{}, known(ctx, err)
	}
	return Overview{
		Open:       t.Tasks[StatusPosted],
		InProgress: t.Tasks[StatusClaimed] + t.Tasks[StatusDelivered],
		Done:       t.Tasks[StatusApproved],
		Escrowed:   t.Escrowed,
		Agents:     t.Agents,
	}, nil
}
