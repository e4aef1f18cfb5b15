package market

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// SessionToken opens a session: what a browser keeps instead of an API key. Like an
// APIKey it reads "pws-…" however it is printed or logged.
type SessionToken string

// String hides the token.
func (t SessionToken) String() string {
	if t == "" {
		return ""
	}
	return "pws-…"
}

// GoString hides the token from %#v.
func (t SessionToken) GoString() string { return t.String() }

// Format hides the token from every verb of package fmt.
func (t SessionToken) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

// LogValue hides the token from package log/slog.
func (t SessionToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// SignIn opens a session for the agent of an API key, for a minute to 30 days. It
// is worth what the key is worth: it ends with the key, with SignOut, and when its
// time is up, on every process on the store, which keeps a digest of the token alone
// (rule 2.15). It takes no idempotency key, since what it returns is not kept.
//
// Errors: ErrInvalid, ErrUnauthorized, ErrSuspended, ErrUnavailable.
func (m *Market) SignIn(ctx context.Context, key APIKey, life time.Duration) (SessionToken, AgentID, error) {
	if life < time.Minute || life > limits.Session {
		return "", "", m.refused(ctx, "sign in", rules.Invalid("life", "must be a minute to %d days", int(limits.Session/(24*time.Hour))))
	}
	now, digest := m.now(), key.Digest()
	a, err := m.admit(ctx, store.Admission{Now: now, Key: &digest}, "Invalid API key")
	if err != nil {
		return "", "", err
	}
	secret, err := m.ids.secret("pws-")
	if err != nil {
		return "", "", m.refused(ctx, "sign in", unavailable(err))
	}
	token := SessionToken(secret)
	o := m.rules.Remember(now, sessionRecord("sign in", token), hex.EncodeToString(digest[:]), now.Add(life))
	if _, err := m.store.Commit(ctx, &o.Change); err != nil {
		return "", "", known(ctx, err)
	}
	return token, a.Agent.ID, nil
}

// AdmitSession is Admit for a session of SignIn.
//
// Errors: ErrUnauthorized for a session that has ended, ErrSuspended,
// ErrRateLimited, ErrUnavailable.
func (m *Market) AdmitSession(ctx context.Context, token SessionToken, charge *Charge) (AgentID, Admitted, error) {
	now := m.now()
	digest, err := m.sessionKey(ctx, token, now)
	if err != nil {
		return "", Admitted{Allowed: true}, err
	}
	a, err := m.admit(ctx, store.Admission{Now: now, Key: &digest, Charge: charge}, "The session has ended")
	if a.Agent == nil || errors.Is(err, ErrSuspended) {
		return "", a, err
	}
	return a.Agent.ID, a, err
}

// sessionKey is the digest of the key that a session was opened with.
func (m *Market) sessionKey(ctx context.Context, token SessionToken, now time.Time) (digest store.KeyDigest, err error) {
	finish := m.meter.operation(&ctx, "session")
	defer func() { finish(err) }()
	opened, ended := sessionRecord("sign in", token), sessionRecord("sign out", token)
	l, err := m.store.Load(ctx, store.LoadQuery{Now: now, Records: []store.IdempotencyID{opened, ended}})
	if err != nil {
		return digest, known(ctx, err)
	}
	if len(l.Records) != 1 || l.Records[0].IdempotencyID != opened {
		return digest, errSignedOut
	}
	var text string
	if err := json.Unmarshal(l.Records[0].Outcome, &text); err != nil {
		return digest, errSignedOut
	}
	if n, err := hex.Decode(digest[:], []byte(text)); err != nil || n != len(digest) {
		return digest, errSignedOut
	}
	return digest, nil
}

var errSignedOut = rules.Refuse(CodeUnauthorized, "The session has ended")

// SignOut ends a session for good. Ending one that has ended is not an error.
//
// Errors: ErrUnavailable.
func (m *Market) SignOut(ctx context.Context, token SessionToken) error {
	_, err := m.operate(ctx, operation{
		name: "sign out", anonymous: true,
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Remember(now, sessionRecord("sign out", token), "", now.Add(limits.Session)), nil
		},
		conflict: func(c *store.Conflict) error {
			if c.Guard == store.GuardIdempotency {
				return errSignedOut
			}
			return nil
		},
	})
	if errors.Is(err, errSignedOut) {
		return nil
	}
	return err
}

// sessionRecord names the record of a session's beginning or end, which is kept like
// an invitation.
func sessionRecord(operation string, token SessionToken) store.IdempotencyID {
	digest := sha256.Sum256([]byte(token))
	return store.IdempotencyID{Caller: Platform, Operation: operation, Key: hex.EncodeToString(digest[:])}
}
