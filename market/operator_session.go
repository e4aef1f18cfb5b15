package market

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// What the log says of sessions.
const (
	ActionLogIn  = "log_in"
	ActionLogOut = "log_out"
	// ActionLogInRefused is without an operator's name: that a key was refused says of nobody
	// who it was. Amount is how many were in the hour.
	ActionLogInRefused = "log_in_refused"
)

// LogIn opens a session for the operator of ctx, who was admitted by a key, for a minute
// to 30 days (rule 15.14). It ends with LogOut, with the operator, when its time is up, and
// with the binding, which whoever admits by it has to give again: what all servers with one
// admin key share. The store keeps a digest of the token alone, and the log an entry.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) LogIn(ctx context.Context, binding []byte, life time.Duration) (SessionToken, error) {
	if life < time.Minute || life > limits.Session {
		return "", m.refused(ctx, "log in", rules.Invalid("life", "must be a minute to %d days", int(limits.Session/(24*time.Hour))))
	}
	secret, err := m.ids.secret("pws-")
	if err != nil {
		return "", m.refused(ctx, "log in", unavailable(err))
	}
	token, by := SessionToken(secret), OperatorOf(ctx)
	_, err = m.operate(ctx, operation{
		name: "log in", anonymous: true, deed: visits(ActionLogIn),
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Remember(now, deskRecord("log in", binding, token), by, now.Add(life)), nil
		},
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// visits is the deed of an operator of any role.
func visits(action string) *deed {
	d := does(OperatorAction{Action: action})
	d.may = func(Operator) error { return nil }
	return d
}

// AdmitLogIn finds the operator of a session of LogIn. It asks the store each time.
//
// Errors: ErrUnauthorized for a session that has ended, ErrUnavailable.
func (m *Market) AdmitLogIn(ctx context.Context, token SessionToken, binding []byte) (Operator, error) {
	finish := m.meter.operation(&ctx, "session")
	o, err := m.operatorIn(ctx, token, binding)
	finish(err)
	return o, err
}

func (m *Market) operatorIn(ctx context.Context, token SessionToken, binding []byte) (Operator, error) {
	opened, ended := deskRecord("log in", binding, token), deskRecord("log out", binding, token)
	l, err := m.store.Load(ctx, store.LoadQuery{Now: m.now(), Records: []store.IdempotencyID{opened, ended}})
	if err != nil {
		return Operator{}, known(ctx, err)
	}
	if len(l.Records) != 1 || l.Records[0].IdempotencyID != opened {
		return Operator{}, errSignedOut
	}
	who, err := recall[Operator](l.Records[0].Outcome)
	if err != nil || who == Root() {
		return who, err
	}
	// Another who has the name now was not the one who logged in.
	now, err := m.OperatorNamed(ctx, who.Name)
	if err == nil && !now.CreatedAt.Equal(who.CreatedAt.Time) {
		return Operator{}, errSignedOut
	}
	return now, err
}

// LogOut ends a session of the operator of ctx for good. Ending one that has ended is not
// an error, and leaves no entry.
//
// Errors: ErrUnavailable.
func (m *Market) LogOut(ctx context.Context, token SessionToken, binding []byte) error {
	ended := deskRecord("log out", binding, token)
	_, err := m.operate(ctx, operation{
		name: "log out", anonymous: true, deed: visits(ActionLogOut), record: &ended,
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			if l.Idempotency != nil {
				return nil, nil
			}
			return m.rules.Remember(now, ended, "", now.Add(limits.Session)), nil
		},
	})
	return err
}

// LogInRefused notes that a key was refused to whoever wanted to log in from an address, ""
// for an unknown one. The log gets an entry with how many there were in the hour, and from
// where, each time the number has doubled: a hundred thousand guesses leave 17 entries. Each
// process counts for itself.
//
// Errors: ErrUnavailable.
func (m *Market) LogInRefused(ctx context.Context, from string) error {
	n, clients, since := m.refusals.count(m.now(), from)
	if n&(n-1) != 0 {
		return nil
	}
	entry := store.IdempotencyID{Caller: Platform, Operation: "log in refused", Key: strconv.FormatInt(n, 10)}
	d := visits(ActionLogInRefused)
	d.entry = func(*store.Loaded, *rules.Outcome) OperatorAction {
		return OperatorAction{Action: ActionLogInRefused, Amount: n, Clients: strings.Join(clients, ", ")}
	}
	_, err := m.operate(WithOperator(ctx, Operator{}), operation{
		name: "log in refused", anonymous: true, deed: d, record: &entry,
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			if l.Idempotency != nil {
				return nil, nil // another process has noted as many
			}
			return m.rules.Remember(now, entry, "", since.Add(time.Hour)), nil
		},
	})
	return err
}

// refusals counts refused log-ins of an hour that begins with the first.
type refusals struct {
	mu    sync.Mutex
	since time.Time
	total int64
	from  map[string]int64
}

const (
	// maxClients addresses are counted apart, and the first shownClients are in an entry.
	maxClients   = 1_000
	shownClients = 5
	maxClient    = 64
)

// count counts one more, and tells how many there are, from where, and since when.
func (r *refusals) count(now time.Time, from string) (n int64, clients []string, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.from == nil || now.Sub(r.since) >= time.Hour {
		r.since, r.total, r.from = now, 0, map[string]int64{}
	}
	if from = rules.Cut(from, maxClient); from != "" && (r.from[from] > 0 || len(r.from) < maxClients) {
		r.from[from]++
	}
	r.total++
	for _, client := range slices.SortedFunc(maps.Keys(r.from), func(a, b string) int { return cmp.Or(cmp.Compare(r.from[b], r.from[a]), cmp.Compare(a, b)) }) {
		if len(clients) < shownClients {
			clients = append(clients, client+" ("+strconv.FormatInt(r.from[client], 10)+")")
		}
	}
	return r.total, clients, r.since
}

// deskRecord names the record of a session's beginning or end. Only who has both the token
// and the binding finds it.
func deskRecord(operation string, binding []byte, token SessionToken) store.IdempotencyID {
	mac := hmac.New(sha256.New, binding)
	mac.Write([]byte(token))
	return store.IdempotencyID{Caller: Platform, Operation: operation, Key: hex.EncodeToString(mac.Sum(nil))}
}
