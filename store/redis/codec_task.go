package redis

import (
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// packTask gives the document of a task. Its Seq is kept beside it, because the
// commit script assigns it.
func packTask(t *store.Task) string {
	p := newPacker()
	put(p, "id", t.ID)
	p.number("v", t.Version)
	put(p, "p", t.Poster)
	p.number("m", t.MaxCredits)
	putAll(p, "t", t.Tags)
	putAll(p, "xt", t.ExtractedTags)
	packMetadata(p, t.Metadata)
	put(p, "ei", t.ExternalID)
	p.instant("c", t.CreatedAt)
	p.instant("x", t.ExpiresAt)
	p.instant("dl", t.Deadline)
	p.number("ct", int64(t.ClaimTimeout))
	p.number("rt", int64(t.ReviewTimeout))
	put(p, "s", t.Status)
	putAll(p, "ch", t.Children)
	p.number("nc", int64(t.Claims))
	p.number("nd", int64(t.Deliveries))
	p.number("nv", int64(t.Verifications))
	p.number("nr", int64(t.Rejections))
	p.instant("du", t.NextDue)
	p.number("by", t.Bytes)
	p.flag("tp", t.TextsPruned)
	for i := range t.Superseded {
		packSuperseded(p, &t.Superseded[i])
	}
	packSystem(p, t.System)
	packDirect(p, t.Direct)
	packMatching(p, t.Matching)
	packClaim(p, t.Claim)
	packDelivery(p, t.Delivery)
	packRejection(p, t.Rejection)
	packEnding(p, t.Ending)
	return p.String()
}

func unpackTask(doc string, seq int64) (*store.Task, error) {
	t := &store.Task{Seq: seq}
	var bad error
	err := unpack(doc, func(name, value string) {
		switch name {
		case "id":
			t.ID = store.TaskID(value)
		case "v":
			t.Version = integer(value)
		case "p":
			t.Poster = store.AgentID(value)
		case "m":
			t.MaxCredits = integer(value)
		case "t":
			t.Tags = append(t.Tags, value)
		case "xt":
			t.ExtractedTags = append(t.ExtractedTags, value)
		case "ei":
			t.ExternalID = value
		case "c":
			t.CreatedAt = unpackInstant(value)
		case "x":
			t.ExpiresAt = unpackInstant(value)
		case "dl":
			t.Deadline = unpackInstant(value)
		case "ct":
			t.ClaimTimeout = time.Duration(integer(value))
		case "rt":
			t.ReviewTimeout = time.Duration(integer(value))
		case "s":
			t.Status = store.Status(value)
		case "ch":
			t.Children = append(t.Children, store.TaskID(value))
		case "nc":
			t.Claims = int32(integer(value))
		case "nd":
			t.Deliveries = int32(integer(value))
		case "nv":
			t.Verifications = int32(integer(value))
		case "nr":
			t.Rejections = int32(integer(value))
		case "du":
			t.NextDue = unpackInstant(value)
		case "by":
			t.Bytes = integer(value)
		case "tp":
			t.TextsPruned = true
		default:
			bad = errors.Join(bad, unpackPart(t, name, value))
		}
	})
	return t, errors.Join(err, bad)
}

// unpackPart reads what a task has only in some states.
func unpackPart(t *store.Task, name, value string) (err error) {
	switch name {
	case "su":
		var s store.Superseded
		s, err = unpackSuperseded(value)
		t.Superseded = append(t.Superseded, s)
	case "md":
		t.Metadata, err = unpackMetadata(value)
	case "sy":
		t.System, err = unpackSystem(value)
	case "di":
		t.Direct, err = unpackDirect(value)
	case "ma":
		t.Matching, err = unpackMatching(value)
	case "cl":
		t.Claim, err = unpackClaim(value)
	case "de":
		t.Delivery, err = unpackDelivery(value)
	case "re":
		t.Rejection, err = unpackRejection(value)
	case "en":
		t.Ending, err = unpackEnding(value)
	}
	return err
}
