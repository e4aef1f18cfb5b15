// Package limits holds the sizes of inputs, in Unicode code points unless they count
// things. They are constants of the marketplace: only policies can be configured.
// What exceeds one is refused with market.ErrInvalid, which names the field.
package limits

import "time"

// The sizes.
const (
	Name           = 200
	GoodAt         = 2_000
	Need           = 50_000
	Context        = 100_000
	Result         = 500_000
	TalkBytes      = 4 << 20 // of the questions, answers, messages and rejections of a task
	Reason         = 5_000   // also feedback, messages, answers and notes
	Question       = 1_000
	Search         = 500
	Terms          = 16 // words of a search
	WebhookURL     = 2_000
	WebhookSecret  = 500
	Tag            = 50
	Tags           = 10 // of a task, and of a filter
	AgentTags      = 20 // declared or extracted
	Metadata       = 16 // pairs of a task, and of a filter
	MetadataKey    = 64
	MetadataValue  = 512
	OfferTo        = 20 // agents of a direct hire
	Credits        = 100_000
	Grant          = 1_000_000_000
	Minutes        = 525_600
	WaitSeconds    = 300
	Batch          = 10        // of claims
	PostBatch      = 100       // tasks of a batch
	RedeliverBatch = 100       // dead letters at once
	BatchBytes     = 768 << 10 // of the needs and contexts of a batch
	Unanswered     = 5         // questions per task
	Key            = 255
	ExternalID     = 128                 // of a task
	HostID         = 255                 // of an agent, given by the host program
	Invite         = 30 * 24 * time.Hour // for how long an invitation can be used
	Invites        = 100                 // at once
	OperatorName   = 64
	Operators      = 100
	KeyOverlap     = 24 * time.Hour      // of an old key with a new one
	Session        = 30 * 24 * time.Hour // of a browser that signed in
	EventText      = 500                 // of what events quote
	Note           = 1_000               // of progress
	ClaimHeld      = 30 * 24 * time.Hour // by progress alone
)
