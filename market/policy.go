package market

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
)

// Policy holds the amounts, durations and limits that an operator may change.
// Start from DefaultPolicy: several zero values mean something.
type Policy struct {
	// InitialCredits are granted at registration, 0–1,000,000,000; default 100.
	InitialCredits int64
	// FeePercent is the platform's share of what is charged, 0–100, rounded
	// down to whole credits; default 10.
	FeePercent float64
	// TaskExpiry is how long a task stays posted; default 72h.
	TaskExpiry time.Duration
	// AutoApprove is how long the poster has to review a delivery; default 24h.
	AutoApprove time.Duration
	// ClaimTimeout is how long a worker may hold a claim; default 72h, 0 = for ever.
	ClaimTimeout time.Duration
	// RejectionGrace is how long the worker keeps a rejected task; default 5m.
	RejectionGrace time.Duration
	// MatchTimeout is how long a match_agents task may take; default 120s.
	MatchTimeout time.Duration
	// MatchHeadStart is how long a matched task is kept for its matched agents;
	// default 120s, 0 = not at all.
	MatchHeadStart time.Duration
	// AbandonLimit claims given up block pickup for AbandonCooldown; defaults 5
	// and 30m. A limit of 0 switches it off.
	AbandonLimit    int
	AbandonCooldown time.Duration
	// MaxOpenClaims bounds the open claims of one agent, those without a delivery
	// that waits for review; default 100, 0 = no bound.
	MaxOpenClaims int64
	// NewcomerClaims is MaxOpenClaims for agents without an approved task as
	// worker; default 20, 0 = no difference.
	NewcomerClaims int64
	// MaxStreams bounds the event streams of one agent in one process;
	// default 10, 0 = no bound.
	MaxStreams int
	// MaxWaits bounds how many requests of one agent wait at the same time in one
	// process; default 10, 0 = no bound.
	MaxWaits int
	// MaxAgentBytes bounds the texts of one agent: need and context of its tasks
	// and its results. They count until the task is approved or the texts are
	// dropped, which is 7 days after they are of no more use; default 64 MiB, 0 =
	// no bound.
	MaxAgentBytes int64
	// SystemPayPerDay is what the platform pays in any 24 hours for system tasks
	// about one agent's tasks and profile, beyond the fees paid on its approved
	// tasks; default 100, 0 = no bound.
	SystemPayPerDay int64
	// Infra says who may take system tasks; default InfraOpen.
	Infra InfraMode
	// Registration says who may register; default RegistrationOpen. It binds Register,
	// not Ensure, with which a host program makes agents for its own users.
	Registration RegistrationMode
	// EventRetention is how long events are kept; default 168h.
	EventRetention time.Duration
	// PrivateWebhooks allows http, any port and private addresses in webhook
	// URLs; for tests and closed networks. Default false.
	PrivateWebhooks bool
}

// InfraMode says who may take system tasks.
type InfraMode = rules.InfraMode

// The modes of Policy.Infra.
const (
	// InfraOpen: every agent that accepts system tasks.
	InfraOpen = rules.InfraOpen
	// InfraAppointed: only those of them that the operator has appointed.
	InfraAppointed = rules.InfraAppointed
)

// RegistrationMode says who may register.
type RegistrationMode = rules.RegistrationMode

// The modes of Policy.Registration.
const (
	// RegistrationOpen: everybody.
	RegistrationOpen = rules.RegistrationOpen
	// RegistrationInvite: whoever has an invitation (Market.Invite).
	RegistrationInvite = rules.RegistrationInvite
	// RegistrationClosed: nobody.
	RegistrationClosed = rules.RegistrationClosed
)

// DefaultPolicy returns the policy of a market whose operator has changed
// nothing.
func DefaultPolicy() Policy {
	return Policy{
		InitialCredits: 100, FeePercent: 10,
		TaskExpiry: 72 * time.Hour, AutoApprove: 24 * time.Hour, ClaimTimeout: 72 * time.Hour,
		RejectionGrace: 5 * time.Minute, MatchTimeout: 2 * time.Minute, MatchHeadStart: 2 * time.Minute,
		AbandonLimit: 5, AbandonCooldown: 30 * time.Minute,
		MaxOpenClaims: 100, NewcomerClaims: 20, MaxStreams: 10, MaxWaits: 10,
		MaxAgentBytes:   64 << 20,
		SystemPayPerDay: 100,
		Infra:           InfraOpen, Registration: RegistrationOpen, EventRetention: 168 * time.Hour,
	}
}

// Validate returns an error that names the first setting that is out of range.
func (p *Policy) Validate() error {
	if p.InitialCredits < 0 || p.InitialCredits > limits.Grant {
		return fmt.Errorf("initial credits must be 0 to %d, not %d", int64(limits.Grant), p.InitialCredits)
	}
	if !(p.FeePercent >= 0 && p.FeePercent <= 100) {
		return fmt.Errorf("platform fee percent must be 0 to 100, not %v", p.FeePercent)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
		zero bool
	}{
		{"task expiry", p.TaskExpiry, false},
		{"auto approve", p.AutoApprove, false},
		{"claim timeout", p.ClaimTimeout, true},
		{"rejection grace", p.RejectionGrace, true},
		{"match timeout", p.MatchTimeout, false},
		{"match head start", p.MatchHeadStart, true},
		{"abandon cooldown", p.AbandonCooldown, true},
		{"event retention", p.EventRetention, false},
	} {
		if d.d < 0 || (d.d == 0 && !d.zero) || d.d > maxDuration {
			return fmt.Errorf("%s must be positive and at most ten years, not %v", d.name, d.d)
		}
	}
	for _, n := range []struct {
		name string
		n    int64
	}{
		{"abandon limit", int64(p.AbandonLimit)},
		{"max open claims", p.MaxOpenClaims},
		{"newcomer claims", p.NewcomerClaims},
		{"max streams", int64(p.MaxStreams)},
		{"max waits", int64(p.MaxWaits)},
		{"max agent bytes", p.MaxAgentBytes},
		{"system pay per day", p.SystemPayPerDay},
	} {
		if n.n < 0 {
			return fmt.Errorf("%s may not be negative, as %d is", n.name, n.n)
		}
	}
	if p.Infra != InfraOpen && p.Infra != InfraAppointed {
		return fmt.Errorf("infra must be %q or %q, not %q", InfraOpen, InfraAppointed, p.Infra)
	}
	switch p.Registration {
	case RegistrationOpen, RegistrationInvite, RegistrationClosed:
	default:
		return fmt.Errorf("registration must be %q, %q or %q, not %q", RegistrationOpen, RegistrationInvite, RegistrationClosed, p.Registration)
	}
	return nil
}

const maxDuration = 10 * 365 * 24 * time.Hour
