package redis

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// encodeRecord gives "expires request outcome". The outcome is kept byte for
// byte; the Redis key says whose record it is.
func encodeRecord(r *store.IdempotencyRecord) string {
	return micros(r.ExpiresAt) + " " + hex.EncodeToString(r.Request[:]) + " " + string(r.Outcome)
}

// decodeRecord returns nil for "" and for a record that has expired by now.
func decodeRecord(id store.IdempotencyID, s string, now time.Time) (*store.IdempotencyRecord, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.SplitN(s, " ", 3)
	if len(parts) < 3 {
		return nil, fmt.Errorf("redis: stored idempotency record is damaged")
	}
	expires := fromMicros(parts[0])
	if !now.Before(expires) {
		return nil, nil
	}
	record := &store.IdempotencyRecord{IdempotencyID: id, Outcome: []byte(parts[2]), ExpiresAt: expires}
	if _, err := hex.Decode(record.Request[:], []byte(parts[1])); err != nil {
		return nil, fmt.Errorf("redis: stored idempotency record: %w", err)
	}
	return record, nil
}
