package rules

import (
	"math"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Policy holds the amounts, durations and limits by which everything is decided.
// Its fields are those of market.Policy, which documents them. The two cannot
// differ, since market converts one into the other.
type Policy struct {
	InitialCredits  int64
	FeePercent      float64
	TaskExpiry      time.Duration
	AutoApprove     time.Duration
	ClaimTimeout    time.Duration
	RejectionGrace  time.Duration
	MatchTimeout    time.Duration
	MatchHeadStart  time.Duration
	AbandonLimit    int
	AbandonCooldown time.Duration
	MaxOpenClaims   int64
	NewcomerClaims  int64
	MaxStreams      int
	MaxWaits        int
	MaxAgentBytes   int64
	SystemPayPerDay int64
	Infra           InfraMode
	Registration    RegistrationMode
	EventRetention  time.Duration
	PrivateWebhooks bool
}

// InfraMode says who may take system tasks.
type InfraMode string

// The modes of Policy.Infra.
const (
	// InfraOpen: every agent that accepts system tasks.
	InfraOpen InfraMode = "open"
	// InfraAppointed: only those of them that the operator has appointed.
	InfraAppointed InfraMode = "appointed"
)

// RegistrationMode says who may register.
type RegistrationMode string

// The modes of Policy.Registration.
const (
	// RegistrationOpen: everybody.
	RegistrationOpen RegistrationMode = "open"
	// RegistrationInvite: whoever has an invitation of the operator's.
	RegistrationInvite RegistrationMode = "invite"
	// RegistrationClosed: nobody; the host program makes its agents itself.
	RegistrationClosed RegistrationMode = "closed"
)

// Fee is the platform's part of what was charged (rule 3.5). The small
// addend makes 7 % of 100 seven credits although 0.07 has no exact form.
func (p *Policy) Fee(charged int64) int64 {
	return int64(math.Floor(float64(charged)*p.FeePercent/100 + 1e-9))
}

// IsInfra reports whether the agent may take system tasks now.
func (p *Policy) IsInfra(a *store.Profile) bool {
	return a.AcceptsSystemTasks && !a.Suspended && (p.Infra == InfraOpen || a.Appointed)
}

// MaxClaims is how many open claims the agent may hold, 0 for no bound. It is
// lower for an agent that has never had work approved, so that new accounts
// cannot claim the whole board.
func (p *Policy) MaxClaims(a *store.Account) int64 {
	switch {
	case a.Completed > 0, p.NewcomerClaims == 0:
		return p.MaxOpenClaims
	case p.MaxOpenClaims == 0:
		return p.NewcomerClaims
	}
	return min(p.NewcomerClaims, p.MaxOpenClaims)
}

// Proven reports whether somebody vouches for the judgement of an infra agent:
// the operator, or its own approved work for several posters, of whom Profile
// remembers no more than provenPosters.
func (p *Policy) Proven(a *store.Agent) bool {
	return a.Appointed || a.Completed >= provenTasks && len(a.WorkedFor) >= provenPosters
}

// What proves an infra agent that nobody appointed.
const (
	provenTasks   = 5
	provenPosters = 3
)

// ClaimTimeoutOf is how long a claim of the task may last, 0 for ever.
func (p *Policy) ClaimTimeoutOf(t *store.Task) time.Duration {
	if t.ClaimTimeout != 0 {
		return t.ClaimTimeout
	}
	return p.ClaimTimeout
}

// ReviewTimeoutOf is how long the poster has to review a delivery of the task.
func (p *Policy) ReviewTimeoutOf(t *store.Task) time.Duration {
	if t.ReviewTimeout != 0 {
		return t.ReviewTimeout
	}
	return p.AutoApprove
}
