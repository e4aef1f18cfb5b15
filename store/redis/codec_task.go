package redis

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// The records of this package are the stored form of the market's types, apart
// from them so that the market may rename what it shows without touching what
// is stored. Fields may be added; none may change its name or meaning without
// a new layoutVersion.

// taskRecord is the document of a task. Its Seq stands beside it, because the
// commit script gives it.
type taskRecord struct {
	ID            market.TaskID    `json:"id"`
	Version       int64            `json:"v"`
	Poster        market.AgentID   `json:"p,omitempty"`
	System        *systemRecord    `json:"sy,omitempty"`
	MaxCredits    int64            `json:"m,omitempty"`
	Tags          []string         `json:"t,omitempty"`
	ExtractedTags []string         `json:"xt,omitempty"`
	CreatedAt     instant          `json:"c,omitempty"`
	ExpiresAt     instant          `json:"x,omitempty"`
	Deadline      instant          `json:"dl,omitempty"`
	ClaimTimeout  time.Duration    `json:"ct,omitempty"`
	ReviewTimeout time.Duration    `json:"rt,omitempty"`
	Status        market.Status    `json:"s,omitempty"`
	Matching      *matchingRecord  `json:"ma,omitempty"`
	Children      []market.TaskID  `json:"ch,omitempty"`
	Claims        int              `json:"nc,omitempty"`
	Deliveries    int              `json:"nd,omitempty"`
	Verifications int              `json:"nv,omitempty"`
	Claim         *claimRecord     `json:"cl,omitempty"`
	Delivery      *deliveryRecord  `json:"de,omitempty"`
	Rejections    int              `json:"nr,omitempty"`
	Rejection     *rejectionRecord `json:"re,omitempty"`
	Ending        *endingRecord    `json:"en,omitempty"`
	NextDue       instant          `json:"du,omitempty"`
}

func encodeTask(t *market.Task) ([]byte, error) {
	return json.Marshal(&taskRecord{
		ID: t.ID, Version: t.Version, Poster: t.Poster, System: toSystem(t.System),
		MaxCredits: t.MaxCredits, Tags: t.Tags, ExtractedTags: t.ExtractedTags,
		CreatedAt: toInstant(t.CreatedAt), ExpiresAt: toInstant(t.ExpiresAt), Deadline: toInstant(t.Deadline),
		ClaimTimeout: t.ClaimTimeout, ReviewTimeout: t.ReviewTimeout,
		Status: t.Status, Matching: toMatching(t.Matching), Children: t.Children,
		Claims: t.Claims, Deliveries: t.Deliveries, Verifications: t.Verifications,
		Claim: toClaim(t.Claim), Delivery: toDelivery(t.Delivery),
		Rejections: t.Rejections, Rejection: toRejection(t.Rejection),
		Ending: toEnding(t.Ending), NextDue: toInstant(t.NextDue),
	})
}

func decodeTask(doc string, seq int64) (*market.Task, error) {
	var r taskRecord
	if err := json.Unmarshal([]byte(doc), &r); err != nil {
		return nil, fmt.Errorf("redis: stored task: %w", err)
	}
	return &market.Task{
		ID: r.ID, Version: r.Version, Seq: seq, Poster: r.Poster, System: r.System.system(),
		MaxCredits: r.MaxCredits, Tags: r.Tags, ExtractedTags: r.ExtractedTags,
		CreatedAt: r.CreatedAt.time(), ExpiresAt: r.ExpiresAt.time(), Deadline: r.Deadline.time(),
		ClaimTimeout: r.ClaimTimeout, ReviewTimeout: r.ReviewTimeout,
		Status: r.Status, Matching: r.Matching.matching(), Children: r.Children,
		Claims: r.Claims, Deliveries: r.Deliveries, Verifications: r.Verifications,
		Claim: r.Claim.claim(), Delivery: r.Delivery.delivery(),
		Rejections: r.Rejections, Rejection: r.Rejection.rejection(),
		Ending: r.Ending.ending(), NextDue: r.NextDue.time(),
	}, nil
}
