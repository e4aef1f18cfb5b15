package market

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// idempotencyLife is how long a repeat under a key gets the first outcome (rule
// 13.1).
const idempotencyLife = 24 * time.Hour

// nameLife is how long the name of a task is taken: longer than any task is kept.
const nameLife = 10 * 365 * rules.Day

// naming is the operation in the records of names.
const naming = "post by name"

// nameOf is the record of a poster's name for a task.
func nameOf(poster AgentID, name string) store.IdempotencyID {
	return store.IdempotencyID{Caller: poster, Operation: naming, Key: name}
}

// prepare reads the idempotency key of the call, if the operation takes one,
// and returns the digest of the input.
func prepare(ctx context.Context, op *operation) (key *store.IdempotencyID, request [32]byte, err error) {
	if op.external != "" {
		name := nameOf(op.load.Caller, op.external)
		request, err = digest(op.input)
		return &name, request, err
	}
	said := IdempotencyKey(ctx)
	if said == "" || op.outcome == nil && !op.keyed {
		return nil, request, nil
	}
	if err := rules.CheckText("Idempotency-Key", said, limits.Key); err != nil {
		return nil, request, err
	}
	if request, err = digest(op.input); err != nil {
		return nil, request, err
	}
	caller, name := op.load.Caller, op.name
	if op.anonymous {
		caller = Platform
	}
	if by := OperatorOf(ctx); op.deed != nil && by.Role != OperatorRoot {
		name += " by " + by.Name
	}
	return &store.IdempotencyID{Caller: caller, Operation: name, Key: said}, request, nil
}

// digest tells inputs apart.
func digest(input any) (request [32]byte, err error) {
	data, err := json.Marshal(input)
	if err != nil {
		return request, rules.Invalid("body", "cannot be repeated under an Idempotency-Key or external_id")
	}
	return sha256.Sum256(data), nil
}

// replay is the first outcome under a key, unless the request is another.
func replay(key *store.IdempotencyID, record *store.IdempotencyRecord, request [32]byte) ([]byte, error) {
	switch {
	case record.Request == request:
	case key.Operation == naming:
		return nil, externalIDUsed()
	default:
		return nil, rules.Refuse(CodeIdempotencyKeyUsed, "Idempotency-Key was used with another request; use another key for this one")
	}
	return record.Outcome, nil
}

func externalIDUsed() *Error {
	return rules.Refuse(CodeExternalIDUsed, "You have posted another task under this external_id")
}

func newRecord(id store.IdempotencyID, request [32]byte, outcome any, now time.Time) (*store.IdempotencyRecord, error) {
	data, err := json.Marshal(outcome)
	if err != nil {
		return nil, unavailable(err)
	}
	life := idempotencyLife
	if id.Operation == naming {
		life = nameLife
	}
	return &store.IdempotencyRecord{
		IdempotencyID: id, Request: request, Outcome: data, ExpiresAt: now.Add(life),
	}, nil
}

// recall decodes a recorded outcome.
func recall[T any](data []byte) (T, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return v, unavailable(err)
	}
	return v, nil
}
