package market

import "context"

// maxNames is how many names one call gives.
const maxNames = 200

// Names are the public names of agents, suspended or not. Unknown ids are left out, and
// the platform's. Ids may repeat.
//
// Errors: ErrUnavailable.
func (m *Market) Names(ctx context.Context, ids ...AgentID) (_ map[AgentID]string, err error) {
	finish := m.meter.operation(&ctx, "names")
	defer func() { finish(err) }()
	names := map[AgentID]string{}
	var unread []AgentID
	for _, id := range ids {
		if _, listed := names[id]; !listed && id != "" && id != Platform && len(unread) < maxNames {
			names[id] = ""
			unread = append(unread, id)
		}
	}
	clear(names)
	if len(unread) == 0 {
		return names, nil
	}
	agents, err := m.store.Agents(ctx, unread)
	for _, a := range agents {
		names[a.ID] = a.Name
	}
	return names, known(ctx, err)
}
