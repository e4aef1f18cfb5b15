package redis

import (
	"context"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store"
)

// Agents implements store.Reader.
func (s *Store) Agents(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
	switch {
	case len(ids) == 0:
		return nil, nil
	case len(ids) > store.MaxIDs:
		return nil, store.ErrTooMany
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	rows := make([]*goredis.SliceCmd, len(ids))
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, id := range ids {
			rows[i] = p.HMGet(ctx, s.keys.agent(id), agentFields...)
		}
		return nil
	})
	if err != nil {
		return nil, failed(err)
	}
	agents := make([]*store.Agent, 0, len(ids))
	for _, row := range rows {
		a, err := decodeAgent(row.Val())
		if err != nil {
			return nil, err
		}
		if a != nil {
			agents = append(agents, a)
		}
	}
	return agents, nil
}

// ScanAgents implements store.FeedReader.
func (s *Store) ScanAgents(ctx context.Context, after store.AgentID, limit int) ([]*store.Agent, error) {
	reply, err := s.run(ctx, scanAgentsScript, s.prefix(), string(after), limit)
	if err != nil {
		return nil, err
	}
	return decodeList(reply, decodeAgent)
}

// Stats implements store.Reader.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (store.StatsRow, error) {
	args := []any{string(q.Agent), micros(q.Now)}
	for _, since := range q.Since {
		args = append(args, micros(since))
	}
	reply, err := s.run(ctx, statsScript, s.prefix(), args...)
	if err != nil {
		return store.StatsRow{}, err
	}
	agent, err := decodeAgent(at(reply, 0))
	row := store.StatsRow{Agent: agent, Tags: tagStats(list(at(reply, 1))), Due: texts[store.TaskID](at(reply, 3))}
	for _, earned := range list(at(reply, 2)) {
		row.EarnedAt = append(row.EarnedAt, number(earned))
	}
	return row, err
}

// tagStats reads the flat hash of an agent's statistics (keyspace.tags).
func tagStats(flat []any) []store.TagStat {
	var stats []store.TagStat
	index := map[string]int{}
	for i := 0; i+1 < len(flat); i += 2 {
		field := text(flat[i])
		if len(field) < 2 {
			continue
		}
		tag := field[2:]
		j, ok := index[tag]
		if !ok {
			j = len(stats)
			index[tag] = j
			stats = append(stats, store.TagStat{Tag: tag})
		}
		addTagStat(&stats[j], field[0], number(flat[i+1]))
	}
	return stats
}

func addTagStat(s *store.TagStat, what byte, n int64) {
	switch what {
	case 'c':
		s.Count = n
	case 'e':
		s.Earned = n
	case 's':
		s.RatingSum = n
	case 'n':
		s.RatingCount = n
	}
}

// TrustOf implements store.Reader.
func (s *Store) TrustOf(ctx context.Context, q store.PageQuery) (store.TrustPage, error) {
	reply, err := s.run(ctx, trustScript, s.prefix(), pageArgs(q)...)
	if err != nil {
		return store.TrustPage{}, err
	}
	page := store.TrustPage{Total: int(number(at(reply, 2))), Due: texts[store.TaskID](at(reply, 3))}
	pairs := list(at(reply, 1))
	for i, to := range texts[store.AgentID](at(reply, 0)) {
		page.Pairs = append(page.Pairs, decodeTrust(q.Agent, to, text(at(pairs, i))))
	}
	return page, nil
}

// pageArgs are the arguments of the scripts that page through what belongs to
// an agent.
func pageArgs(q store.PageQuery) []any {
	return []any{string(q.Agent), micros(q.Now), q.Limit, q.Offset}
}
