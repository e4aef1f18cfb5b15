// Package serve runs the marketplace server of the pinchwork command: its
// settings, its stores and its life from the first log line to the last drained
// request.
package serve

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// Settings are everything that an operator may set.
type Settings struct {
	Listen         string
	Store          string
	Namespace      string
	PublicURL      string
	AdminKey       string
	Policy         market.Policy
	RateLimits     bool
	Limits         httpserver.Limits
	TrustedProxies []netip.Prefix
	WebhookRetries int
	MaxBodyBytes   int64
	MaxConnections int
	WebhookTimeout time.Duration
	MetricsListen  string
	Log            string
	LogLevel       slog.Level
	StoreWait      time.Duration
	DrainDelay     time.Duration
	// Warnings are what was seen while the settings were read, for the log.
	Warnings []string
}

// Defaults returns the settings of a server for which nothing was configured.
func Defaults() Settings {
	return Settings{
		Listen: "127.0.0.1:8000", Store: "sqlite:pinchwork.db", Namespace: "pinchwork", Policy: market.DefaultPolicy(),
		RateLimits: true, Limits: httpserver.DefaultLimits(), WebhookRetries: 3, WebhookTimeout: 10 * time.Second,
		MaxBodyBytes: httpserver.DefaultMaxBodyBytes, MaxConnections: 10_000, Log: "text", StoreWait: time.Minute, DrainDelay: 5 * time.Second,
	}
}

// Setting is one setting: its environment variable, its flag and how to read
// and show it.
type Setting struct {
	Env, Flag, Help string
	// Key is the name in a file with settings: that of the flag, where there is one.
	Key string
	// Secret settings have no flag: other users of the machine can see a command
	// line.
	Secret bool
	// File settings may be the content of a file that Env with _FILE names, or Key with
	// -file.
	File bool
	set  func(s *Settings, value string) error
	get  func(s *Settings) string
}

// Set reads a value into s; the error names what is wrong with it.
func (o *Setting) Set(s *Settings, value string) error {
	if err := o.take(s, value); err != nil {
		return fmt.Errorf("%s: %w", o.name(), err)
	}
	return nil
}

// take sets the value, and holds it against the rules of the market: what they refuse then
// is this one.
func (o *Setting) take(s *Settings, value string) error {
	if err := o.set(s, value); err != nil {
		return err
	}
	return s.Policy.Validate()
}

// Get shows the value in the form that Set reads.
func (o *Setting) Get(s *Settings) string { return o.get(s) }

func (o *Setting) name() string {
	if o.Flag == "" {
		return o.Env
	}
	return "--" + o.Flag + " (" + o.Env + ")"
}

// All lists the settings in the order of the help.
func All() []Setting {
	return []Setting{
		checked(address, text("LISTEN", "address to listen on; port 0 picks a free one", func(s *Settings) *string { return &s.Listen })),
		inFile(text("STORE", "where everything is kept: sqlite:FILE, redis://…, postgres://…, or memory, which keeps nothing", func(s *Settings) *string { return &s.Store })),
		duration("STORE_WAIT", "how long to wait at the start for a store that cannot be reached yet", func(s *Settings) *time.Duration { return &s.StoreWait }),
		duration("DRAIN_DELAY", "how long to serve on after SIGTERM, with /readyz 503, before the listener closes; Ctrl-C does not wait", func(s *Settings) *time.Duration { return &s.DrainDelay }),
		text("NAMESPACE", "schema in Postgres, key prefix in Redis", func(s *Settings) *string { return &s.Namespace }),
		checked(publicURL, text("PUBLIC_URL", "address at which clients reach the server; from the request when empty", func(s *Settings) *string { return &s.PublicURL })),
		adminKey(),
		number("INITIAL_CREDITS", "signup bonus", func(s *Settings) *int64 { return &s.Policy.InitialCredits }),
		percent("PLATFORM_FEE_PERCENT", "the platform's share of each payment, 0 to 100", func(s *Settings) *float64 { return &s.Policy.FeePercent }),
		duration("TASK_EXPIRY", "how long a task stays posted", func(s *Settings) *time.Duration { return &s.Policy.TaskExpiry }),
		duration("AUTO_APPROVE", "how long a poster may review a delivery", func(s *Settings) *time.Duration { return &s.Policy.AutoApprove }),
		duration("CLAIM_TIMEOUT", "how long a worker may hold a claim, 0 for ever", func(s *Settings) *time.Duration { return &s.Policy.ClaimTimeout }),
		duration("REJECTION_GRACE", "how long a worker keeps a rejected task", func(s *Settings) *time.Duration { return &s.Policy.RejectionGrace }),
		duration("MATCH_TIMEOUT", "how long an infra agent may take to match", func(s *Settings) *time.Duration { return &s.Policy.MatchTimeout }),
		duration("MATCH_HEAD_START", "how long a matched task is kept for its agents", func(s *Settings) *time.Duration { return &s.Policy.MatchHeadStart }),
		number("ABANDON_LIMIT", "claims given up that block pickup, 0 for none", func(s *Settings) *int { return &s.Policy.AbandonLimit }),
		duration("ABANDON_COOLDOWN", "how long pickup is blocked then", func(s *Settings) *time.Duration { return &s.Policy.AbandonCooldown }),
		choice("RATE_LIMITS", "on, or off for no rate limits at all", "on", "off", func(s *Settings) *bool { return &s.RateLimits }),
		proxies(),
		number("WEBHOOK_MAX_RETRIES", "retries of a webhook after the first attempt", func(s *Settings) *int { return &s.WebhookRetries }),
		seconds("WEBHOOK_TIMEOUT_SECONDS", "time for one webhook attempt", func(s *Settings) *time.Duration { return &s.WebhookTimeout }),
		choice("WEBHOOK_ALLOW_PRIVATE", "true also allows http and private addresses", "true", "false", func(s *Settings) *bool { return &s.Policy.PrivateWebhooks }),
		infra(),
		registration(),
		number("MAX_OPEN_CLAIMS", "undelivered claims of one agent, 0 for no bound", func(s *Settings) *int64 { return &s.Policy.MaxOpenClaims }),
		number("NEWCOMER_CLAIMS", "the same for agents without an approved task as worker, 0 for no difference", func(s *Settings) *int64 { return &s.Policy.NewcomerClaims }),
		number("MAX_STREAMS", "event streams of one agent, 0 for no bound", func(s *Settings) *int { return &s.Policy.MaxStreams }),
		number("MAX_WAITS", "waiting requests of one agent, 0 for no bound", func(s *Settings) *int { return &s.Policy.MaxWaits }),
		size("MAX_AGENT_BYTES", "living texts of one agent, 0 for no bound", func(s *Settings) *int64 { return &s.Policy.MaxAgentBytes }),
		atLeast(minBodyBytes, size("MAX_BODY_BYTES", "largest request body", func(s *Settings) *int64 { return &s.MaxBodyBytes }), func(s *Settings) int64 { return s.MaxBodyBytes }),
		number("MAX_CONNECTIONS", "connections open at once, 0 for no bound", func(s *Settings) *int { return &s.MaxConnections }),
		number("SYSTEM_PAY_PER_DAY", "credits that the platform pays in a day for system tasks about one agent, 0 for no bound", func(s *Settings) *int64 { return &s.Policy.SystemPayPerDay }),
		duration("EVENT_RETENTION", "how long events are kept", func(s *Settings) *time.Duration { return &s.Policy.EventRetention }),
		rate("RATE_REGISTER", "registrations per client address", func(s *Settings) *httpserver.Limit { return &s.Limits.Register }),
		rate("RATE_CREATE", "tasks created per agent", func(s *Settings) *httpserver.Limit { return &s.Limits.Create }),
		rate("RATE_PICKUP", "pickups per agent", func(s *Settings) *httpserver.Limit { return &s.Limits.Pickup }),
		rate("RATE_DELIVER", "deliveries per agent", func(s *Settings) *httpserver.Limit { return &s.Limits.Deliver }),
		rate("RATE_READ", "other requests per agent", func(s *Settings) *httpserver.Limit { return &s.Limits.Read }),
		rate("RATE_ADMIN", "admin requests", func(s *Settings) *httpserver.Limit { return &s.Limits.Admin }),
		checked(address, text("METRICS_LISTEN", "address that serves Prometheus /metrics; none when empty", func(s *Settings) *string { return &s.MetricsListen })),
		logFormat(),
		logLevel(),
	}
}

// StoreSettings are those that a command on the store alone needs.
func StoreSettings() []Setting {
	return only("store", "store-wait", "namespace", "event-retention", "log", "log-level")
}

// AuditSettings are those that a command needs which proves the books of a store.
func AuditSettings() []Setting {
	return only("store", "store-wait", "namespace", "system-pay-per-day", "log", "log-level")
}

// ListenSettings are those that a command on the running server needs.
func ListenSettings() []Setting { return only("listen") }

func only(keys ...string) []Setting {
	return slices.DeleteFunc(All(), func(o Setting) bool { return !slices.Contains(keys, o.Key) })
}

// named makes a setting from its name: PINCHWORK_NAME and --name.
func named(name, help string) Setting {
	flag := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	return Setting{Env: "PINCHWORK_" + name, Flag: flag, Key: flag, Help: help}
}

// inFile lets the setting be the content of a file.
func inFile(o Setting) Setting {
	o.File = true
	return o
}

func text(name, help string, field func(*Settings) *string) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) error { *field(s) = v; return nil }
	o.get = func(s *Settings) string { return *field(s) }
	return o
}

// checked refuses a value before anything is opened or made with it.
func checked(check func(value string) error, o Setting) Setting {
	set := o.set
	o.set = func(s *Settings, v string) error {
		if err := check(v); err != nil {
			return err
		}
		return set(s, v)
	}
	return o
}

func address(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil && v != "" {
		return fmt.Errorf("%q is not an address such as 127.0.0.1:8000 or :8000", v)
	}
	return nil
}

func publicURL(v string) error {
	if err := (httpserver.Options{PublicURL: v}).Validate(); err != nil {
		return fmt.Errorf("%q must look like https://example.com or https://example.com/path", v)
	}
	return nil
}

func number[N int | int64](name, help string, field func(*Settings) *N) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || n > limits.Grant {
			return fmt.Errorf("%q is not a whole number from 0 to %d", v, int64(limits.Grant))
		}
		*field(s) = N(n)
		return nil
	}
	o.get = func(s *Settings) string { return strconv.FormatInt(int64(*field(s)), 10) }
	return o
}

// size is a number of bytes: 8388608, or 8MiB, 64KiB, 1GiB.
func size(name, help string, field func(*Settings) *int64) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) error {
		digits, unit := v, int64(1)
		for i, suffix := range sizeUnits {
			if before, ok := strings.CutSuffix(v, suffix); ok {
				digits, unit = before, 1<<(10*(i+1))
			}
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > maxSize/unit {
			return fmt.Errorf("%q is not a number of bytes such as 8388608, 64KiB or 8MiB", v)
		}
		*field(s) = n * unit
		return nil
	}
	o.get = func(s *Settings) string { return showSize(*field(s)) }
	return o
}

// minBodyBytes is less than any useful bound on bodies.
const minBodyBytes = 1 << 10

// atLeast refuses smaller sizes.
func atLeast(least int64, o Setting, field func(*Settings) int64) Setting {
	set := o.set
	o.set = func(s *Settings, v string) error {
		if err := set(s, v); err != nil {
			return err
		}
		if field(s) < least {
			return fmt.Errorf("%q is less than %s", v, showSize(least))
		}
		return nil
	}
	return o
}

var sizeUnits = []string{"KiB", "MiB", "GiB"}

// maxSize keeps sizes far from overflow.
const maxSize = 1 << 50

func showSize(n int64) string {
	for i := len(sizeUnits) - 1; i >= 0; i-- {
		if unit := int64(1) << (10 * (i + 1)); n > 0 && n%unit == 0 {
			return strconv.FormatInt(n/unit, 10) + sizeUnits[i]
		}
	}
	return strconv.FormatInt(n, 10)
}

func percent(name, help string, field func(*Settings) *float64) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) error {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || !(n >= 0 && n <= 100) {
			return fmt.Errorf("%q is not a number from 0 to 100", v)
		}
		*field(s) = n
		return nil
	}
	o.get = func(s *Settings) string { return strconv.FormatFloat(*field(s), 'f', -1, 64) }
	return o
}

// choice takes on and off, and true and false, whichever of them it shows: YAML has both
// for one.
func choice(name, help, yes, no string, field func(*Settings) *bool) Setting {
	o := named(name, help)
	o.set = func(s *Settings, v string) error {
		switch v {
		case "on", "true":
			*field(s) = true
		case "off", "false":
			*field(s) = false
		default:
			return fmt.Errorf("%q must be %s or %s", v, yes, no)
		}
		return nil
	}
	o.get = func(s *Settings) string {
		if *field(s) {
			return yes
		}
		return no
	}
	return o
}

func rate(name, help string, field func(*Settings) *httpserver.Limit) Setting {
	o := named(name, help+`, such as "5/h" or "off"`)
	o.set = func(s *Settings, v string) error { return field(s).UnmarshalText([]byte(v)) }
	o.get = func(s *Settings) string { return field(s).String() }
	return o
}

func proxies() Setting {
	o := named("TRUSTED_PROXIES", "comma-separated CIDRs of proxies whose X-Forwarded-For is believed")
	o.set = func(s *Settings, v string) error {
		s.TrustedProxies = nil
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			prefix, err := netip.ParsePrefix(part)
			if err != nil {
				return fmt.Errorf("%q is not a CIDR such as 10.0.0.0/8", part)
			}
			s.TrustedProxies = append(s.TrustedProxies, prefix)
		}
		return nil
	}
	o.get = func(s *Settings) string {
		parts := make([]string, len(s.TrustedProxies))
		for i, p := range s.TrustedProxies {
			parts[i] = p.String()
		}
		return strings.Join(parts, ",")
	}
	return o
}

func infra() Setting {
	o := named("INFRA", "who may take system tasks: open or appointed")
	o.set = func(s *Settings, v string) error {
		if v != string(market.InfraOpen) && v != string(market.InfraAppointed) {
			return fmt.Errorf("%q must be open or appointed", v)
		}
		s.Policy.Infra = market.InfraMode(v)
		return nil
	}
	o.get = func(s *Settings) string { return string(s.Policy.Infra) }
	return o
}

func registration() Setting {
	o := named("REGISTRATION", "who may register: open, invite or closed")
	o.set = func(s *Settings, v string) error {
		switch mode := market.RegistrationMode(v); mode {
		case market.RegistrationOpen, market.RegistrationInvite, market.RegistrationClosed:
			s.Policy.Registration = mode
			return nil
		}
		return fmt.Errorf("%q must be open, invite or closed", v)
	}
	o.get = func(s *Settings) string { return string(s.Policy.Registration) }
	return o
}

func logFormat() Setting {
	o := named("LOG", "text or json")
	o.set = func(s *Settings, v string) error {
		if v != "text" && v != "json" {
			return fmt.Errorf("%q must be text or json", v)
		}
		s.Log = v
		return nil
	}
	o.get = func(s *Settings) string { return s.Log }
	return o
}

func logLevel() Setting {
	o := named("LOG_LEVEL", "least important lines in the log: debug, info, warn or error")
	o.set = func(s *Settings, v string) error {
		var level slog.Level
		if !slices.Contains([]string{"debug", "info", "warn", "error"}, v) || level.UnmarshalText([]byte(v)) != nil {
			return fmt.Errorf("%q must be debug, info, warn or error", v)
		}
		s.LogLevel = level
		return nil
	}
	o.get = func(s *Settings) string { return strings.ToLower(s.LogLevel.String()) }
	return o
}
