package redis

import "github.com/pinchwork/pinchwork/market"

// systemRecord is market.System.
type systemRecord struct {
	Type     market.SystemType `json:"t"`
	Parent   market.TaskID     `json:"p,omitempty"`
	Delivery int               `json:"d,omitempty"`
	Subject  market.AgentID    `json:"s,omitempty"`
	Excluded []market.AgentID  `json:"x,omitempty"`
}

func toSystem(s *market.System) *systemRecord {
	if s == nil {
		return nil
	}
	return &systemRecord{Type: s.Type, Parent: s.Parent, Delivery: s.Delivery, Subject: s.Subject, Excluded: s.Excluded}
}

func (r *systemRecord) system() *market.System {
	if r == nil {
		return nil
	}
	return &market.System{Type: r.Type, Parent: r.Parent, Delivery: r.Delivery, Subject: r.Subject, Excluded: r.Excluded}
}

// matchingRecord is market.Matching.
type matchingRecord struct {
	State  market.MatchState `json:"s"`
	Until  instant           `json:"u,omitempty"`
	Agents []market.AgentID  `json:"a,omitempty"`
}

func toMatching(m *market.Matching) *matchingRecord {
	if m == nil {
		return nil
	}
	return &matchingRecord{State: m.State, Until: toInstant(m.Until), Agents: m.Agents}
}

func (r *matchingRecord) matching() *market.Matching {
	if r == nil {
		return nil
	}
	return &market.Matching{State: r.State, Until: r.Until.time(), Agents: r.Agents}
}

// claimRecord is market.Claim.
type claimRecord struct {
	Worker  market.AgentID `json:"w"`
	At      instant        `json:"a,omitempty"`
	Timeout instant        `json:"t,omitempty"`
	Grace   instant        `json:"g,omitempty"`
}

func toClaim(c *market.Claim) *claimRecord {
	if c == nil {
		return nil
	}
	return &claimRecord{Worker: c.Worker, At: toInstant(c.At), Timeout: toInstant(c.Timeout), Grace: toInstant(c.Grace)}
}

func (r *claimRecord) claim() *market.Claim {
	if r == nil {
		return nil
	}
	return &market.Claim{Worker: r.Worker, At: r.At.time(), Timeout: r.Timeout.time(), Grace: r.Grace.time()}
}

// deliveryRecord is market.Delivery.
type deliveryRecord struct {
	No           int                 `json:"n"`
	At           instant             `json:"a,omitempty"`
	Charged      int64               `json:"c,omitempty"`
	ReviewUntil  instant             `json:"r,omitempty"`
	Verification *verificationRecord `json:"v,omitempty"`
}

type verificationRecord struct {
	Status            string `json:"s"`
	MeetsRequirements *bool  `json:"m,omitempty"`
	Explanation       string `json:"e,omitempty"`
}

func toDelivery(d *market.Delivery) *deliveryRecord {
	if d == nil {
		return nil
	}
	r := &deliveryRecord{No: d.No, At: toInstant(d.At), Charged: d.Charged, ReviewUntil: toInstant(d.ReviewUntil)}
	if v := d.Verification; v != nil {
		r.Verification = &verificationRecord{Status: v.Status, MeetsRequirements: v.MeetsRequirements, Explanation: v.Explanation}
	}
	return r
}

func (r *deliveryRecord) delivery() *market.Delivery {
	if r == nil {
		return nil
	}
	d := &market.Delivery{No: r.No, At: r.At.time(), Charged: r.Charged, ReviewUntil: r.ReviewUntil.time()}
	if v := r.Verification; v != nil {
		d.Verification = &market.Verification{Status: v.Status, MeetsRequirements: v.MeetsRequirements, Explanation: v.Explanation}
	}
	return d
}

// rejectionRecord is market.Rejection.
type rejectionRecord struct {
	Reason   string  `json:"r"`
	Feedback string  `json:"f,omitempty"`
	At       instant `json:"a,omitempty"`
}

func toRejection(j *market.Rejection) *rejectionRecord {
	if j == nil {
		return nil
	}
	return &rejectionRecord{Reason: j.Reason, Feedback: j.Feedback, At: toInstant(j.At)}
}

func (r *rejectionRecord) rejection() *market.Rejection {
	if r == nil {
		return nil
	}
	return &market.Rejection{Reason: r.Reason, Feedback: r.Feedback, At: r.At.time()}
}

// endingRecord is market.Ending.
type endingRecord struct {
	At             instant `json:"a,omitempty"`
	Charged        int64   `json:"c,omitempty"`
	Fee            int64   `json:"f,omitempty"`
	Auto           bool    `json:"o,omitempty"`
	Rating         int     `json:"r,omitempty"`
	Feedback       string  `json:"fb,omitempty"`
	PosterRating   int     `json:"pr,omitempty"`
	PosterFeedback string  `json:"pf,omitempty"`
}

func toEnding(e *market.Ending) *endingRecord {
	if e == nil {
		return nil
	}
	return &endingRecord{
		At: toInstant(e.At), Charged: e.Charged, Fee: e.Fee, Auto: e.Auto, Rating: e.Rating, Feedback: e.Feedback,
		PosterRating: e.PosterRating, PosterFeedback: e.PosterFeedback,
	}
}

func (r *endingRecord) ending() *market.Ending {
	if r == nil {
		return nil
	}
	return &market.Ending{
		At: r.At.time(), Charged: r.Charged, Fee: r.Fee, Auto: r.Auto, Rating: r.Rating, Feedback: r.Feedback,
		PosterRating: r.PosterRating, PosterFeedback: r.PosterFeedback,
	}
}
