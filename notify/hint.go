package notify

import (
	"encoding/json"
	"fmt"

	"github.com/pinchwork/pinchwork/market"
)

// Hint tells another process what moved. A Hint without agents and without Feed
// says that anything may have moved.
type Hint struct {
	// Origin names the hub that sent it, so that it can ignore its own.
	Origin string `json:"o,omitempty"`
	// Agents have new events or another standing.
	Agents []market.AgentID `json:"a,omitempty"`
	// Feed says that the store's feed has new items.
	Feed bool `json:"f,omitempty"`
}

// MaxPayload bounds each payload of Hint.Payloads, in bytes. PostgreSQL's
// NOTIFY takes less than 8,000.
const MaxPayload = 7_000

// everything reports whether the Hint says that anything may have moved.
func (h Hint) everything() bool { return len(h.Agents) == 0 && !h.Feed }

// Payloads encodes the hint, split so that each payload is printable JSON of
// at most MaxPayload bytes that DecodeHint understands on its own. There is at
// least one. Agents whose ids alone would not fit (no market makes such ids)
// turn the hint into one about everything.
func (h Hint) Payloads() []string {
	frame := len(encode(Hint{Origin: h.Origin, Agents: []market.AgentID{""}, Feed: h.Feed}))
	var out []string
	part, size := Hint{Origin: h.Origin, Feed: h.Feed}, frame
	for _, id := range h.Agents {
		length := len(encodeID(id)) + len(",")
		if frame+length > MaxPayload {
			return []string{encode(Hint{Origin: h.Origin})}
		}
		if size+length > MaxPayload {
			out = append(out, encode(part))
			part, size = Hint{Origin: h.Origin}, frame
		}
		part.Agents = append(part.Agents, id)
		size += length
	}
	return append(out, encode(part))
}

// DecodeHint reads a payload of Hint.Payloads. Unknown fields, which newer
// versions may send, are ignored. An error means that the payload is no hint at
// all.
func DecodeHint(payload string) (Hint, error) {
	var h Hint
	if err := json.Unmarshal([]byte(payload), &h); err != nil {
		return Hint{}, fmt.Errorf("notify: not a hint: %w", err)
	}
	return h, nil
}

func encode(h Hint) string {
	b, _ := json.Marshal(h) // strings and a bool: it cannot fail
	return string(b)
}

func encodeID(id market.AgentID) string {
	b, _ := json.Marshal(id)
	return string(b)
}
