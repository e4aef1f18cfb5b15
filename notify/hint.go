package notify

import (
	"encoding/json"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// hint tells another process what moved. One without agents and without Feed says
// that anything may have moved.
type hint struct {
	// Origin names the hub that sent it, so that it can ignore its own.
	Origin string `json:"o,omitempty"`
	// Agents have new events or another standing.
	Agents []market.AgentID `json:"a,omitempty"`
	// Feed says that the store's feed has new items.
	Feed bool `json:"f,omitempty"`
}

// everything reports whether the hint says that anything may have moved.
func (h hint) everything() bool { return len(h.Agents) == 0 && !h.Feed }

// messages encodes the hint, split so that each message is printable JSON of at
// most store.MaxMessage bytes that decodeHint understands on its own. There is at
// least one. Agents whose ids alone would not fit (no market makes such ids)
// turn the hint into one about everything.
func (h hint) messages() []string {
	frame := len(encode(hint{Origin: h.Origin, Agents: []market.AgentID{""}, Feed: h.Feed}))
	var out []string
	part, size := hint{Origin: h.Origin, Feed: h.Feed}, frame
	for _, id := range h.Agents {
		length := len(encodeID(id)) + len(",")
		if frame+length > store.MaxMessage {
			return []string{encode(hint{Origin: h.Origin})}
		}
		if size+length > store.MaxMessage {
			out = append(out, encode(part))
			part, size = hint{Origin: h.Origin}, frame
		}
		part.Agents = append(part.Agents, id)
		size += length
	}
	return append(out, encode(part))
}

// decodeHint reads a message of a relay. Unknown fields, which newer versions may
// send, are ignored. What is no hint at all, the empty message included, still says
// that something has moved.
func decodeHint(message string) hint {
	var h hint
	if json.Unmarshal([]byte(message), &h) != nil {
		return hint{}
	}
	return h
}

func encode(h hint) string {
	b, _ := json.Marshal(h) // strings and a bool: it cannot fail
	return string(b)
}

func encodeID(id market.AgentID) string {
	b, _ := json.Marshal(id)
	return string(b)
}
