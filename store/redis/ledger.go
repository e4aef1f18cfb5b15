package redis

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pinchwork/pinchwork/market"
)

// Ledger implements market.Reader.
func (s *Store) Ledger(ctx context.Context, q market.PageQuery) (market.LedgerPage, error) {
	reply, err := s.run(ctx, ledgerScript, s.prefix(), pageArgs(q)...)
	if err != nil {
		return market.LedgerPage{}, err
	}
	agent, err := decodeAgent(at(reply, 0))
	if err != nil || agent == nil {
		return market.LedgerPage{}, err
	}
	entries, err := decodeList(at(reply, 1), decodeEntry)
	return market.LedgerPage{
		Account: &agent.Account, Entries: entries,
		Total: int(number(at(reply, 2))), Due: texts[market.TaskID](at(reply, 3)),
	}, err
}

// Entries implements market.Keeper.
func (s *Store) Entries(ctx context.Context, task market.TaskID, after string, limit int) ([]market.Entry, string, error) {
	number := int64(0)
	if after != "" {
		var err error
		if number, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, "", fmt.Errorf("redis: bad cursor of entries: %w", err)
		}
	}
	reply, err := s.run(ctx, entriesScript, s.prefix(), string(task), number, limit)
	if err != nil {
		return nil, "", err
	}
	entries, err := decodeList(reply, decodeEntry)
	if err != nil || task != "" || len(entries) < limit {
		return entries, "", err
	}
	return entries, decimal(number + int64(len(entries))), nil
}
