package redis

import (
	"encoding/json"
	"fmt"

	"github.com/pinchwork/pinchwork/market"
)

// transferRecord is market.Transfer.
type transferRecord struct {
	ID     market.EntryID     `json:"id"`
	From   market.AccountName `json:"f"`
	To     market.AccountName `json:"t"`
	Amount int64              `json:"n"`
	Kind   market.EntryKind   `json:"k"`
	Agent  market.AgentID     `json:"a,omitempty"`
	Task   market.TaskID      `json:"tk,omitempty"`
	Fee    int64              `json:"fe,omitempty"`
	Note   string             `json:"no,omitempty"`
	At     instant            `json:"at,omitempty"`
}

func encodeTransfer(t *market.Transfer) ([]byte, error) {
	return json.Marshal(&transferRecord{
		ID: t.ID, From: t.From, To: t.To, Amount: t.Amount, Kind: t.Kind,
		Agent: t.Agent, Task: t.Task, Fee: t.Fee, Note: t.Note, At: toInstant(t.At),
	})
}

// decodeEntry reads an element of the entries' stream: t the transfer, s the
// agent's number, b and e balance and earnings after it.
func decodeEntry(v any) (market.Entry, error) {
	f := fields(v)
	var r transferRecord
	if err := json.Unmarshal([]byte(f["t"]), &r); err != nil {
		return market.Entry{}, fmt.Errorf("redis: stored entry: %w", err)
	}
	return market.Entry{
		Transfer: market.Transfer{
			ID: r.ID, From: r.From, To: r.To, Amount: r.Amount, Kind: r.Kind,
			Agent: r.Agent, Task: r.Task, Fee: r.Fee, Note: r.Note, At: r.At.time(),
		},
		Seq: integer(f["s"]), Balance: integer(f["b"]), Earned: integer(f["e"]),
	}, nil
}

func decodeEntries(v any) ([]market.Entry, error) {
	return decodeList(v, decodeEntry)
}
