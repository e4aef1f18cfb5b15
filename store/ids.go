package store

import "crypto/sha256"

// Identifiers are opaque strings with a prefix that names their kind, followed
// by 16 base62 characters from a cryptographic source (rule 1.1). They
// are distinct types so that the compiler catches a swap.
type (
	// AgentID names an agent: "ag-…".
	AgentID string
	// TaskID names a task: "tk-…".
	TaskID string
	// QuestionID names a question on a task: "qa-…".
	QuestionID string
	// MessageID names a message between poster and worker: "msg-…".
	MessageID string
	// EntryID names a ledger entry: "le-…".
	EntryID string
	// ReportID names a report about a task: "rp-…".
	ReportID string
)

// Platform is the account that issues credits, takes fees and posts system
// tasks. It cannot authenticate and is never listed (rule 1.2).
const Platform AgentID = "ag-platform"

// KeyDigest is the SHA-256 digest of an API key, the only form in which a key
// is stored or looked up. A fast digest suffices for a random secret of 256
// bits.
type KeyDigest [sha256.Size]byte
