package redis

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pinchwork/pinchwork/store"
)

// Ledger implements store.Reader.
func (s *Store) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	reply, err := s.run(ctx, ledgerScript, s.prefix(), pageArgs(q)...)
	if err != nil {
		return store.LedgerPage{}, err
	}
	agent, err := decodeAgent(at(reply, 0))
	if err != nil || agent == nil {
		return store.LedgerPage{}, err
	}
	entries, err := decodeList(at(reply, 1), decodeEntry)
	return store.LedgerPage{
		Account: &agent.Account, Entries: entries,
		Total: int(number(at(reply, 2))), Due: texts[store.TaskID](at(reply, 3)),
	}, err
}

// Entries implements store.Keeper.
func (s *Store) Entries(ctx context.Context, task store.TaskID, after string, limit int) ([]store.Entry, string, error) {
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
