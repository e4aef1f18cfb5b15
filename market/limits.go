package market

import "github.com/pinchwork/pinchwork/market/internal/rules"

// Sizes of inputs, in Unicode code points unless they count things. They are
// constants: only policies can be configured.
const (
	MaxName          = rules.MaxName
	MaxGoodAt        = rules.MaxGoodAt
	MaxNeed          = rules.MaxNeed
	MaxContext       = rules.MaxContext
	MaxResult        = rules.MaxResult
	MaxTalkBytes     = rules.MaxTalkBytes // of the questions, answers, messages and rejections of a task
	MaxReason        = rules.MaxReason    // also feedback, messages, answers and notes
	MaxQuestion      = rules.MaxQuestion
	MaxSearch        = rules.MaxSearch
	MaxTerms         = rules.MaxTerms // words of a search
	MaxWebhookURL    = rules.MaxWebhookURL
	MaxWebhookSecret = rules.MaxWebhookSecret
	MaxTag           = rules.MaxTag
	MaxTags          = rules.MaxTags      // of a task, and of a filter
	MaxAgentTags     = rules.MaxAgentTags // declared or extracted
	MaxCredits       = rules.MaxCredits
	MaxGrant         = rules.MaxGrant
	MaxMinutes       = rules.MaxMinutes
	MaxWaitSeconds   = rules.MaxWaitSeconds
	MaxBatch         = rules.MaxBatch
	MaxUnanswered    = rules.MaxUnanswered // questions per task
	MaxKey           = rules.MaxKey
	MaxVerifications = rules.MaxVerifications
	MaxCandidates    = rules.MaxCandidates
)

// MaxEventText bounds the texts that events quote.
const MaxEventText = rules.MaxEventText
