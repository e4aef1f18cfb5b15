package redis

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// profileRecord is market.Profile.
type profileRecord struct {
	ID                 market.AgentID `json:"id"`
	Version            int64          `json:"v"`
	Name               string         `json:"n,omitempty"`
	GoodAt             string         `json:"g,omitempty"`
	Tags               []string       `json:"t,omitempty"`
	ExtractedTags      []string       `json:"xt,omitempty"`
	AcceptsSystemTasks bool           `json:"sy,omitempty"`
	Appointed          bool           `json:"ap,omitempty"`
	WebhookURL         string         `json:"wu,omitempty"`
	WebhookSecret      string         `json:"ws,omitempty"`
	Suspended          bool           `json:"su,omitempty"`
	SuspendReason      string         `json:"sr,omitempty"`
	Extraction         market.TaskID  `json:"ex,omitempty"`
	ExtractedAt        instant        `json:"xa,omitempty"`
	CreatedAt          instant        `json:"c,omitempty"`
}

func encodeProfile(p *market.Profile) ([]byte, error) {
	return json.Marshal(&profileRecord{
		ID: p.ID, Version: p.Version, Name: p.Name, GoodAt: p.GoodAt, Tags: p.Tags, ExtractedTags: p.ExtractedTags,
		AcceptsSystemTasks: p.AcceptsSystemTasks, Appointed: p.Appointed,
		WebhookURL: p.WebhookURL, WebhookSecret: p.WebhookSecret,
		Suspended: p.Suspended, SuspendReason: p.SuspendReason,
		Extraction: p.Extraction, ExtractedAt: toInstant(p.ExtractedAt), CreatedAt: toInstant(p.CreatedAt),
	})
}

func decodeProfile(doc string) (market.Profile, error) {
	var r profileRecord
	if err := json.Unmarshal([]byte(doc), &r); err != nil {
		return market.Profile{}, fmt.Errorf("redis: stored agent: %w", err)
	}
	return market.Profile{
		ID: r.ID, Version: r.Version, Name: r.Name, GoodAt: r.GoodAt, Tags: r.Tags, ExtractedTags: r.ExtractedTags,
		AcceptsSystemTasks: r.AcceptsSystemTasks, Appointed: r.Appointed,
		WebhookURL: r.WebhookURL, WebhookSecret: r.WebhookSecret,
		Suspended: r.Suspended, SuspendReason: r.SuspendReason,
		Extraction: r.Extraction, ExtractedAt: r.ExtractedAt.time(), CreatedAt: r.CreatedAt.time(),
	}, nil
}

// agentFields are the fields of an agent's hash in the order in which scripts
// and pipelines return them; shared.lua holds the same list.
var agentFields = []string{
	"p", "st", "bal", "esc", "open", "posted", "done", "rs", "rc",
	"earn", "fees", "chg", "spent", "rej", "ev", "le",
}

// decodeAgent reads the values of agentFields; nil when there is no agent.
func decodeAgent(v any) (*market.Agent, error) {
	f, _ := v.([]any)
	if len(f) < len(agentFields) || f[0] == nil {
		return nil, nil
	}
	profile, err := decodeProfile(text(f[0]))
	if err != nil {
		return nil, err
	}
	return &market.Agent{Profile: profile, Account: market.Account{
		Strikes: decodeStrikes(text(f[1])),
		Balance: integer(f[2]), Escrowed: integer(f[3]), OpenClaims: integer(f[4]),
		Posted: integer(f[5]), Completed: integer(f[6]), RatingSum: integer(f[7]), RatingCount: integer(f[8]),
		Earned: integer(f[9]), Fees: integer(f[10]), Charged: integer(f[11]), Spent: integer(f[12]),
		Rejected: integer(f[13]), EventSeq: integer(f[14]), LedgerSeq: integer(f[15]),
	}}, nil
}

// encodeStrikes gives "" for none, else "count blockedUntil".
func encodeStrikes(s market.Strikes) string {
	if s.Count == 0 && s.BlockedUntil.IsZero() {
		return ""
	}
	return strconv.Itoa(s.Count) + " " + micros(s.BlockedUntil)
}

func decodeStrikes(s string) market.Strikes {
	count, until, ok := strings.Cut(s, " ")
	if !ok {
		return market.Strikes{}
	}
	n, _ := strconv.Atoi(count)
	return market.Strikes{Count: n, BlockedUntil: fromMicros(until)}
}

// encodeTrust gives "interactions score updated".
func encodeTrust(p *market.TrustPair) string {
	return strconv.FormatInt(p.Interactions, 10) + " " + score(p.Score) + " " + micros(p.UpdatedAt)
}

// decodeTrust returns the pair, as never stored for "".
func decodeTrust(from, to market.AgentID, s string) market.TrustPair {
	pair := market.TrustPair{From: from, To: to, Score: 0.5}
	f := strings.Fields(s)
	if len(f) != 3 {
		return pair
	}
	pair.Interactions, _ = strconv.ParseInt(f[0], 10, 64)
	pair.Score, _ = strconv.ParseFloat(f[1], 64)
	pair.UpdatedAt = fromMicros(f[2])
	return pair
}

func score(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
