package postgres

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// The types in this file are the shape in which a Change travels to the
// database, as one JSON document; the routines say what each
// part means. Long texts go beside it, and the document holds their positions,
// counted from 1 (0 for an empty text).

type wireChange struct {
	At          instant          `json:"at"`
	Once        *wireRecord      `json:"once,omitempty"`
	Lock        []store.TaskID   `json:"lock,omitempty"`
	Unchanged   []wireRef        `json:"unchanged,omitempty"`
	Tasks       []wireTask       `json:"tasks,omitempty"`
	Counts      []wireCount      `json:"counts,omitempty"`
	Agents      []wireAgent      `json:"agents,omitempty"`
	Roles       []wireRole       `json:"roles,omitempty"`
	Results     []wireResult     `json:"results,omitempty"`
	Questions   []wireQuestion   `json:"questions,omitempty"`
	Answers     []wireAnswer     `json:"answers,omitempty"`
	Messages    []wireMessage    `json:"messages,omitempty"`
	Reports     []wireReport     `json:"reports,omitempty"`
	Resolutions []wireResolution `json:"resolutions,omitempty"`
	Drop        []wireText       `json:"drop,omitempty"`
	Trust       []wireTrust      `json:"trust,omitempty"`
	Tags        []wireTag        `json:"tags,omitempty"`
	Loose       []wireEntry      `json:"loose,omitempty"`
	Accounts    []*wireAccount   `json:"accounts,omitempty"`
	Totals      *wireTotals      `json:"totals,omitempty"`
	Feed        []store.FeedItem `json:"feed,omitempty"`
	Want        store.TaskID     `json:"want,omitempty"`
}

type wireRecord struct {
	Caller    store.AgentID `json:"caller"`
	Operation string        `json:"operation"`
	Key       string        `json:"key"`
	Request   string        `json:"request"`
	Outcome   string        `json:"outcome"`
	Expires   instant       `json:"expires"`
}

type wireRef struct {
	ID      store.TaskID `json:"id"`
	Version int64        `json:"version"`
}

type wireTask struct {
	ID      store.TaskID  `json:"id"`
	Version int64         `json:"version,omitempty"`
	Next    int64         `json:"next"`
	Doc     *store.Task   `json:"doc"`
	Poster  store.AgentID `json:"poster"`
	Worker  store.AgentID `json:"worker,omitempty"`
	Left    store.AgentID `json:"left,omitempty"`
	Was     int           `json:"was,omitempty"`
	Status  int           `json:"status"`
	Due     instant       `json:"due,omitzero"`
	Moved   bool          `json:"moved,omitempty"`
	Ended   instant       `json:"ended,omitzero"`
	Need    int           `json:"need,omitempty"`
	Context int           `json:"context,omitempty"`
}

type wireCount struct {
	Task     store.TaskID `json:"task"`
	Delta    int          `json:"delta"`
	Max      int          `json:"max"`
	Bytes    int64        `json:"bytes,omitempty"`
	MaxBytes int64        `json:"max_bytes,omitempty"`
}

type wireText struct {
	Task store.TaskID `json:"task"`
	No   int          `json:"no"`
}

type wireAgent struct {
	ID        store.AgentID  `json:"id"`
	Version   int64          `json:"version,omitempty"`
	Next      int64          `json:"next"`
	Key       string         `json:"key,omitempty"`
	Profile   *store.Profile `json:"profile"`
	Suspended bool           `json:"suspended"`
	Hooked    bool           `json:"hooked"`
}

type wireRole struct {
	Task  store.TaskID  `json:"task"`
	Agent store.AgentID `json:"agent"`
	Role  store.Role    `json:"role"`
	*wireLapse
}

type wireLapse struct {
	At    instant `json:"at"`
	Why   string  `json:"why"`
	Claim int32   `json:"claim"`
}

type wireResult struct {
	Task store.TaskID `json:"task"`
	No   int          `json:"no"`
	Body int          `json:"body,omitempty"`
}

type wireQuestion struct {
	ID       store.QuestionID `json:"id"`
	Task     store.TaskID     `json:"task"`
	Asker    store.AgentID    `json:"asker"`
	Body     int              `json:"body,omitempty"`
	Answer   int              `json:"answer,omitempty"`
	At       instant          `json:"at"`
	Answered instant          `json:"answered,omitzero"`
}

type wireAnswer struct {
	Question store.QuestionID `json:"question"`
	Task     store.TaskID     `json:"task"`
	Body     int              `json:"body,omitempty"`
	At       instant          `json:"at"`
}

type wireMessage struct {
	ID     store.MessageID `json:"id"`
	Task   store.TaskID    `json:"task"`
	Sender store.AgentID   `json:"sender"`
	Worker store.AgentID   `json:"worker"`
	Body   int             `json:"body,omitempty"`
	At     instant         `json:"at"`
}

type wireReport struct {
	ID       store.ReportID     `json:"id"`
	Task     store.TaskID       `json:"task"`
	Reporter store.AgentID      `json:"reporter"`
	Reason   int                `json:"reason,omitempty"`
	Status   store.ReportStatus `json:"status"`
	Note     string             `json:"note"`
	At       instant            `json:"at"`
	Resolved instant            `json:"resolved,omitzero"`
}

type wireResolution struct {
	ID       store.ReportID     `json:"id"`
	Task     store.TaskID       `json:"task"`
	Status   store.ReportStatus `json:"status"`
	Note     string             `json:"note"`
	Resolved instant            `json:"resolved,omitzero"`
}

type wireTrust struct {
	From  store.AgentID `json:"from"`
	To    store.AgentID `json:"to"`
	Score float64       `json:"score"`
	N     int64         `json:"n"`
	At    instant       `json:"at"`
}

type wireTag struct {
	Agent       store.AgentID `json:"agent"`
	Tag         string        `json:"tag"`
	Count       int64         `json:"count"`
	Earned      int64         `json:"earned"`
	RatingSum   int64         `json:"rating_sum"`
	RatingCount int64         `json:"rating_count"`
}

type wireEntry struct {
	ID     store.EntryID     `json:"id"`
	Source store.AccountName `json:"source"`
	Target store.AccountName `json:"target"`
	Amount int64             `json:"amount"`
	Kind   store.EntryKind   `json:"kind"`
	Task   store.TaskID      `json:"task,omitempty"`
	Fee    int64             `json:"fee,omitempty"`
	Note   string            `json:"note,omitempty"`
	About  store.AgentID     `json:"about,omitempty"`
	At     instant           `json:"at"`
}

type wireAccount struct {
	ID            store.AgentID  `json:"id"`
	Active        bool           `json:"active,omitempty"`
	Required      bool           `json:"required,omitempty"`
	Suspended     *bool          `json:"suspended,omitempty"`
	Hooked        *bool          `json:"hooked,omitempty"`
	Amount        int64          `json:"amount,omitempty"`
	Escrowed      int64          `json:"escrowed,omitempty"`
	OpenClaims    int64          `json:"open_claims,omitempty"`
	MaxOpenClaims int64          `json:"max_open_claims,omitempty"`
	Posted        int64          `json:"posted,omitempty"`
	Completed     int64          `json:"completed,omitempty"`
	RatingSum     int64          `json:"rating_sum,omitempty"`
	RatingCount   int64          `json:"rating_count,omitempty"`
	Earned        int64          `json:"earned,omitempty"`
	Fees          int64          `json:"fees,omitempty"`
	Charged       int64          `json:"charged,omitempty"`
	Spent         int64          `json:"spent,omitempty"`
	Rejected      int64          `json:"rejected,omitempty"`
	Approvals     int64          `json:"approvals,omitempty"`
	Rejections    int64          `json:"rejections,omitempty"`
	FeesBrought   int64          `json:"fees_brought,omitempty"`
	TextBytes     int64          `json:"text_bytes,omitempty"`
	MaxTextBytes  int64          `json:"max_text_bytes,omitempty"`
	Tally         *tally         `json:"tally,omitempty"`
	Strikes       *wireStrikes   `json:"strikes,omitempty"`
	SystemPay     *wireSystemPay `json:"system_pay,omitempty"`
	Entry         *wireEntry     `json:"entry,omitempty"`
	Events        []wireEvent    `json:"events,omitempty"`
}

type wireStrikes struct {
	Was      int     `json:"was"`
	WasUntil instant `json:"was_until,omitzero"`
	Count    int     `json:"count"`
	Until    instant `json:"until,omitzero"`
}

type wireSystemPay struct {
	Was *wirePay `json:"was,omitempty"`
	Pay *wirePay `json:"pay,omitempty"`
}

// wirePay is also the stored form of a store.SystemPay, which is compared.
type wirePay struct {
	Pending int64      `json:"pending,omitempty"`
	Paid    []wirePaid `json:"paid,omitempty"`
}

type wirePaid struct {
	At      instant `json:"at"`
	Credits int64   `json:"credits"`
	Fees    int64   `json:"fees"`
}

type wireEvent struct {
	Type store.EventType  `json:"type"`
	Task store.TaskID     `json:"task,omitempty"`
	Data *store.EventData `json:"data,omitempty"`
	At   instant          `json:"at"`
}

type wireTotals struct {
	Posted    int64 `json:"posted,omitempty"`
	Claimed   int64 `json:"claimed,omitempty"`
	Delivered int64 `json:"delivered,omitempty"`
	Approved  int64 `json:"approved,omitempty"`
	Expired   int64 `json:"expired,omitempty"`
	Cancelled int64 `json:"cancelled,omitempty"`
	Escrowed  int64 `json:"escrowed,omitempty"`
	Agents    int64 `json:"agents,omitempty"`
}

// instant is a time as the store keeps it: UTC, cut to microseconds. The
// database would round.
type instant time.Time

// IsZero lets a zero instant be left out.
func (i instant) IsZero() bool { return time.Time(i).IsZero() }

// MarshalJSON writes a form that the database reads as it is.
func (i instant) MarshalJSON() ([]byte, error) {
	return time.Time(i).UTC().AppendFormat(make([]byte, 0, 40), `"2006-01-02T15:04:05.000000Z"`), nil
}

func (i instant) equal(other instant) bool {
	return time.Time(i).UnixMicro() == time.Time(other).UnixMicro()
}
