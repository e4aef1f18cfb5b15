package market_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// However a key is printed or logged, alone or inside of what a call gives back, it
// reads "pwk-…"; in JSON it is what the caller gets.
func TestAKeyIsShownInItsFieldAlone(t *testing.T) {
	const key = market.APIKey("pwk-secret")
	registration := market.Registration{AgentID: "ag-1", APIKey: key}
	for _, v := range []any{
		key, registration, &registration,
		[]market.APIKey{key},
		map[string]market.APIKey{"key": key},
		market.Ensured{AgentID: "ag-1", APIKey: key},
		struct{ Key market.APIKey }{key},
	} {
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			if _, plain := v.(slog.LogValuer); plain {
				slog.New(h).Info("it is", "value", v)
			}
		}
		log.WriteString(fmt.Sprint(v) + fmt.Sprintln("key", v))
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s", "% x", "%#q"} {
			fmt.Fprintf(&log, verb, v)
		}
		for _, shown := range []string{"secret", "736563726574", "73 65 63"} {
			if strings.Contains(strings.ToLower(log.String()), shown) {
				t.Errorf("%T shows the key: %s", v, log.String())
			}
		}
	}
	const token = market.InviteToken("pwi-secret")
	for _, v := range []any{token, market.SessionToken("pws-secret"), market.Invites{Invites: []market.InviteToken{token}}, market.RegisterInput{Invite: token}} {
		if got := fmt.Sprintf("%v %+v %#v %s %x", v, v, v, v, v); strings.Contains(got, "secret") || strings.Contains(got, "736563") {
			t.Errorf("%T shows the token: %s", v, got)
		}
	}
	data, err := json.Marshal(registration)
	if err != nil || !strings.Contains(string(data), `"api_key":"pwk-secret"`) {
		t.Errorf("in JSON it is %s, %v", data, err)
	}
	if got := fmt.Sprint(market.Ensured{AgentID: "ag-1"}); strings.Contains(got, "pwk-") {
		t.Errorf("no key reads as one: %s", got)
	}
}
