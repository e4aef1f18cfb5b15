package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

// Each setting, its default, another value, and values that it
// refuses.
var cases = map[string]struct {
	byDefault, other string
	bad              []string
}{
	"PINCHWORK_LISTEN":                  {"127.0.0.1:8000", ":9000", []string{"8000", "localhost", "127.0.0.1:99999", "::1:8000"}},
	"PINCHWORK_STORE":                   {"sqlite:pinchwork.db", "redis://localhost", nil},
	"PINCHWORK_STORE_WAIT":              {"1m", "0s", []string{"x"}},
	"PINCHWORK_NAMESPACE":               {"pinchwork", "other", nil},
	"PINCHWORK_PUBLIC_URL":              {"", "https://example.com/market", []string{"example.com", "ftp://example.com", "https://example.com/?a=b"}},
	"PINCHWORK_ADMIN_KEY":               {"", "key", []string{"", "  ", "a b", "kéy"}},
	"PINCHWORK_INITIAL_CREDITS":         {"100", "7", []string{"-1", "x", "1.5", "9999999999999"}},
	"PINCHWORK_PLATFORM_FEE_PERCENT":    {"10", "2.5", []string{"-1", "101", "NaN", "x"}},
	"PINCHWORK_TASK_EXPIRY":             {"72h", "1h30m", []string{"72", "-1h", "soon", "0s", "9999d"}},
	"PINCHWORK_AUTO_APPROVE":            {"24h", "1.5s", []string{"24"}},
	"PINCHWORK_CLAIM_TIMEOUT":           {"72h", "0s", []string{"x"}},
	"PINCHWORK_DRAIN_DELAY":             {"5s", "0s", []string{"x"}},
	"PINCHWORK_REJECTION_GRACE":         {"5m", "1h30m", []string{"x"}},
	"PINCHWORK_MATCH_TIMEOUT":           {"2m", "10s", []string{"x"}},
	"PINCHWORK_MATCH_HEAD_START":        {"2m", "20s", []string{"x"}},
	"PINCHWORK_ABANDON_LIMIT":           {"5", "0", []string{"-1", "x"}},
	"PINCHWORK_ABANDON_COOLDOWN":        {"30m", "1h", []string{"x"}},
	"PINCHWORK_RATE_LIMITS":             {"on", "off", []string{"", "yes"}},
	"PINCHWORK_TRUSTED_PROXIES":         {"", "10.0.0.0/8,::1/128", []string{"10.0.0.1", "x/8"}},
	"PINCHWORK_WEBHOOK_MAX_RETRIES":     {"3", "0", []string{"-1"}},
	"PINCHWORK_WEBHOOK_TIMEOUT_SECONDS": {"10", "1", []string{"0", "301", "10s"}},
	"PINCHWORK_WEBHOOK_ALLOW_PRIVATE":   {"false", "true", []string{"yes", ""}},
	"PINCHWORK_INFRA":                   {"open", "appointed", []string{"", "closed"}},
	"PINCHWORK_REGISTRATION":            {"open", "invite", []string{"", "invited"}},
	"PINCHWORK_MAX_OPEN_CLAIMS":         {"100", "3", []string{"-1"}},
	"PINCHWORK_NEWCOMER_CLAIMS":         {"20", "3", []string{"-1"}},
	"PINCHWORK_MAX_STREAMS":             {"10", "3", []string{"-1"}},
	"PINCHWORK_MAX_WAITS":               {"10", "3", []string{"-1"}},
	"PINCHWORK_MAX_AGENT_BYTES":         {"64MiB", "1000", []string{"-1", "1MB", "9999999GiB"}},
	"PINCHWORK_MAX_BODY_BYTES":          {"8MiB", "1MiB", []string{"-1", "0", "1000", "x"}},
	"PINCHWORK_MAX_CONNECTIONS":         {"10000", "3", []string{"-1", "x"}},
	"PINCHWORK_SYSTEM_PAY_PER_DAY":      {"100", "0", []string{"-1", "x"}},
	"PINCHWORK_EVENT_RETENTION":         {"168h", "1h", []string{"7 days", "0s"}},
	"PINCHWORK_RATE_REGISTER":           {"5/h", "off", []string{"5", "5/fortnight", "0/h", "-1/m"}},
	"PINCHWORK_RATE_CREATE":             {"30/m", "1/s", []string{"x"}},
	"PINCHWORK_RATE_PICKUP":             {"60/m", "1/s", []string{"x"}},
	"PINCHWORK_RATE_DELIVER":            {"30/m", "1/s", []string{"x"}},
	"PINCHWORK_RATE_READ":               {"120/m", "1/s", []string{"x"}},
	"PINCHWORK_RATE_ADMIN":              {"30/m", "1/s", []string{"x"}},
	"PINCHWORK_METRICS_LISTEN":          {"", ":9100", []string{"9100", ":x y"}},
	"PINCHWORK_LOG":                     {"text", "json", []string{"", "xml"}},
	"PINCHWORK_LOG_LEVEL":               {"info", "debug", []string{"", "INFO", "info+1"}},
}

func TestEverySettingIsSet(t *testing.T) {
	seen := map[string]bool{}
	for _, setting := range All() {
		c, known := cases[setting.Env]
		if !known {
			t.Errorf("%s is not tested", setting.Env)
			continue
		}
		seen[setting.Env] = true
		if !setting.Secret && setting.Key != setting.Flag || setting.Key == "" {
			t.Errorf("%s is %q in a file", setting.Env, setting.Key)
		}
		if want := "PINCHWORK_" + strings.ToUpper(strings.ReplaceAll(setting.Flag, "-", "_")); !setting.Secret && setting.Env != want {
			t.Errorf("the flag %s belongs to %s", setting.Flag, setting.Env)
		}
		s, untouched := Defaults(), Defaults()
		if got := setting.Get(&s); got != c.byDefault {
			t.Errorf("%s is %q by default, want %q", setting.Env, got, c.byDefault)
		}
		if err := setting.Set(&s, c.other); err != nil {
			t.Errorf("%s=%s: %v", setting.Env, c.other, err)
		}
		if got := setting.Get(&s); got != c.other && !setting.Secret {
			t.Errorf("%s is %q, want %q", setting.Env, got, c.other)
		}
		if reflect.DeepEqual(s, untouched) {
			t.Errorf("%s changes nothing", setting.Env)
		}
		for _, bad := range c.bad {
			s := Defaults()
			if err := setting.Set(&s, bad); err == nil || !strings.Contains(err.Error(), setting.Env) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%q: %v, want one line that names it", setting.Env, bad, err)
			}
		}
	}
	for env := range cases {
		if !seen[env] {
			t.Errorf("%s is no setting", env)
		}
	}
}

// A tool may write the one for the other, as YAML does.
func TestOnIsTrueAndOffIsFalse(t *testing.T) {
	for _, o := range All() {
		if o.Env != "PINCHWORK_RATE_LIMITS" && o.Env != "PINCHWORK_WEBHOOK_ALLOW_PRIVATE" {
			continue
		}
		for value, same := range map[string]string{"on": "true", "off": "false"} {
			one, other := Defaults(), Defaults()
			if err := errors.Join(o.Set(&one, value), o.Set(&other, same)); err != nil || o.Get(&one) != o.Get(&other) {
				t.Errorf("%s: %s is %s, and %s is %s: %v", o.Env, value, o.Get(&one), same, o.Get(&other), err)
			}
		}
	}
}

func TestUnknownStoresAreRefused(t *testing.T) {
	for _, store := range []string{"mysql://root:secret@db/x", "sqlite", "./file.db", "", "memory2", "postgress://x"} {
		s := Defaults()
		s.Store = store
		_, err := open(context.Background(), &s, slog.New(slog.DiscardHandler))
		if !errors.Is(err, ErrSetting) || !strings.Contains(err.Error(), "memory, sqlite:FILE, redis://… or postgres://…") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", store, err)
		}
	}
}

func TestABadPolicyStopsTheStart(t *testing.T) {
	s := Defaults()
	s.Policy.TaskExpiry = 0
	if err := Run(context.Background(), s, "test", io.Discard, io.Discard); !errors.Is(err, ErrSetting) {
		t.Errorf("started: %v", err)
	}
}
