package market

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// OperatorRole says what an operator may do.
type OperatorRole = rules.OperatorRole

// The roles of operators. Who looks reads what the operator may read; who acts does
// everything but make operators, and revoke others than itself, which is root's alone.
const (
	OperatorLook = rules.OperatorLook
	OperatorAct  = rules.OperatorAct
	OperatorRoot = rules.OperatorRoot
)

// Operator is one of those who run the marketplace.
type Operator struct {
	Name string       `json:"name"`
	Role OperatorRole `json:"role"`
	// CreatedAt is zero for root.
	CreatedAt Time `json:"created_at,omitzero"`
	// LastLogIn is when the operator last logged in to the desk, in the list alone; zero for
	// never, or not since the version that counts it.
	LastLogIn Time `json:"last_log_in,omitzero"`
}

// Root is the holder of the server's admin key, and the program that embeds the
// marketplace: what is done in a context without another operator is done by it.
func Root() Operator { return Operator{Name: rules.Root, Role: OperatorRoot} }

type operatorKey struct{}

// WithOperator returns a context in which the operator's methods of a Market are called
// by that operator: its role is asked, and what it does is written into the log under
// its name.
func WithOperator(ctx context.Context, o Operator) context.Context {
	return context.WithValue(ctx, operatorKey{}, o)
}

// OperatorOf returns the operator that WithOperator put into ctx, or Root.
func OperatorOf(ctx context.Context) Operator {
	if o, is := ctx.Value(operatorKey{}).(Operator); is {
		return o
	}
	return Root()
}

// OperatorKey is an operator's secret, "pwo-" and 43 URL-safe characters. Like an
// APIKey it is shown once, kept as a digest, and reads "pwo-…" however it is printed or
// logged.
type OperatorKey string

// OperatorKeyPrefix begins every OperatorKey.
const OperatorKeyPrefix = "pwo-"

// String hides the key.
func (k OperatorKey) String() string {
	if k == "" {
		return ""
	}
	return OperatorKeyPrefix + "…"
}

// GoString hides the key from %#v.
func (k OperatorKey) GoString() string { return k.String() }

// Format hides the key from every verb of package fmt.
func (k OperatorKey) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.String()) }

// LogValue hides the key from package log/slog.
func (k OperatorKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// digest is a form of the key that tells nothing of it.
func (k OperatorKey) digest() string {
	sum := sha256.Sum256([]byte(k))
	return hex.EncodeToString(sum[:])
}

// OperatorInput makes an operator.
type OperatorInput struct {
	// Name is 1–64 letters, digits, dots, hyphens and underscores.
	Name string `json:"name"`
	// Role is look or act.
	Role   OperatorRole `json:"role"`
	Reason string       `json:"reason,omitempty"` // ≤ 5,000, for the log
}

// NewOperator is the answer to AddOperator. The key is shown this once, and in JSON
// alone.
type NewOperator struct {
	Operator
	APIKey OperatorKey `json:"api_key"`
}

// LogValue leaves out the key, which a handler that logs JSON would show.
func (o NewOperator) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", o.Name), slog.String("role", string(o.Role)))
}

// OperatorList is every operator but root, the oldest first.
type OperatorList struct {
	Operators []Operator `json:"operators"`
	Total     int        `json:"total"`
	// RootLastLogIn is when root last logged in at the desk; zero for never.
	RootLastLogIn Time `json:"root_last_log_in,omitzero"`
}

// RevokeInput says why an operator is revoked.
type RevokeInput struct {
	Reason string `json:"reason,omitempty"` // ≤ 5,000, for the log
}

// AddOperator makes an operator with a key of its own (rule 15.7). There are at most
// 100. Only root may; like Invite it takes no idempotency key.
//
// Errors: ErrInvalid, ErrForbidden, ErrConflict for a name that an operator has,
// ErrUnavailable.
func (m *Market) AddOperator(ctx context.Context, in OperatorInput) (NewOperator, error) {
	err := rules.CheckOperator(in.Name, in.Role)
	if err == nil {
		err = rules.CheckText("reason", in.Reason, limits.Reason)
	}
	if err != nil {
		return NewOperator{}, m.refused(ctx, "operator", err)
	}
	secret, err := m.ids.secret(OperatorKeyPrefix)
	if err != nil {
		return NewOperator{}, m.refused(ctx, "operator", unavailable(err))
	}
	made := NewOperator{Operator{Name: in.Name, Role: in.Role}, OperatorKey(secret)}
	d, err := m.editOperators(ctx, register{
		may: func(by Operator) error { return rules.MayAppoint(by.Role) },
		edit: func(now time.Time, all []rules.Operator) ([]rules.Operator, error) {
			return rules.AddOperator(all, rules.Operator{Name: in.Name, Role: in.Role, Key: made.APIKey.digest(), CreatedAt: now})
		},
		deed: OperatorAction{Action: ActionAddOperator, Subject: in.Name, Outcome: string(in.Role), Reason: in.Reason},
	})
	if err != nil {
		return NewOperator{}, err
	}
	made.CreatedAt = NewTime(d.now)
	return made, nil
}

// RevokeOperator ends an operator's key at once, on every replica (rule 15.7). Root
// revokes any; an operator, whatever its role, itself alone.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrUnavailable.
func (m *Market) RevokeOperator(ctx context.Context, name string, in RevokeInput) (Operator, error) {
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return Operator{}, m.refused(ctx, "operator", err)
	}
	var gone Operator
	_, err := m.editOperators(ctx, register{
		may: func(by Operator) error { return rules.MayRevoke(by.Name, by.Role, name) },
		edit: func(_ time.Time, all []rules.Operator) ([]rules.Operator, error) {
			for i := range all {
				if all[i].Name == name {
					gone = operatorView(&all[i])
				}
			}
			return rules.RemoveOperator(all, name)
		},
		deed: OperatorAction{Action: ActionRevokeOperator, Subject: name, Reason: in.Reason},
	})
	return gone, err
}

// register is a change of the register of operators.
type register struct {
	may  func(by Operator) error
	edit func(now time.Time, all []rules.Operator) ([]rules.Operator, error)
	deed OperatorAction
}

// editOperators writes the register that follows the present one. It is a chain of
// registers: two that are written at once would be the same element of it.
func (m *Market) editOperators(ctx context.Context, r register) (done, error) {
	var last link
	var all []rules.Operator
	return m.operate(ctx, operation{
		name: "operator", anonymous: true,
		deed: &deed{may: r.may, entry: func(*store.Loaded, *rules.Outcome) OperatorAction { return r.deed }},
		learn: func(ctx context.Context, _ *store.Loaded) (err error) {
			last, all, err = m.operators(ctx)
			return err
		},
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			next, err := r.edit(now, all)
			if err != nil {
				return nil, err
			}
			return m.rules.Record(now, last.next(rules.AsJSON(next))), nil
		},
	})
}

// operators reads the present register.
func (m *Market) operators(ctx context.Context) (last link, all []rules.Operator, err error) {
	ends, err := m.ends(ctx, operatorsChain)
	if err != nil {
		return last, nil, err
	}
	last = ends[0]
	if last.number > 0 {
		all, err = recall[[]rules.Operator](last.data)
	}
	return last, all, err
}

// Operators lists the operators.
func (m *Market) Operators(ctx context.Context) (_ OperatorList, err error) {
	finish := m.meter.operation(&ctx, "operators")
	defer func() { finish(err) }()
	_, all, err := m.operators(ctx)
	if err != nil {
		return OperatorList{}, err
	}
	list := OperatorList{Operators: make([]Operator, len(all)), Total: len(all)}
	for i := range all {
		list.Operators[i] = operatorView(&all[i])
	}
	known := append([]Operator{{Name: rules.Root}}, list.Operators...)
	if err := m.lastLogIns(ctx, known); err != nil {
		return OperatorList{}, err
	}
	list.RootLastLogIn = known[0].LastLogIn
	copy(list.Operators, known[1:])
	return list, nil
}

// lastLogIns fills in when operators have last logged in. Who had a name before is another.
func (m *Market) lastLogIns(ctx context.Context, all []Operator) error {
	chains := make([]chain, len(all))
	for i := range all {
		chains[i] = logInsOf(all[i].Name)
	}
	ends, err := m.ends(ctx, chains...)
	if err != nil {
		return err
	}
	for i, end := range ends {
		if end.number == 0 {
			continue
		}
		number, err := recall[int64](end.data)
		if err != nil {
			return err
		}
		entries, err := m.elements(ctx, actionsChain, []int64{number})
		if err != nil || len(entries) == 0 {
			return err
		}
		a, err := recall[OperatorAction](entries[0])
		if err != nil {
			return err
		}
		if !a.At.Before(all[i].CreatedAt.Time) {
			all[i].LastLogIn = a.At
		}
	}
	return nil
}

func operatorView(o *rules.Operator) Operator {
	return Operator{Name: o.Name, Role: o.Role, CreatedAt: NewTime(o.CreatedAt)}
}

// AdmitOperator finds the operator of a key. It asks the store each time, so a key that
// was revoked on any replica is ErrUnauthorized from then on.
//
// Errors: ErrUnauthorized, ErrUnavailable.
func (m *Market) AdmitOperator(ctx context.Context, key OperatorKey) (Operator, error) {
	digest := key.digest()
	return m.theOperator(ctx, func(o *rules.Operator) bool {
		return subtle.ConstantTimeCompare([]byte(o.Key), []byte(digest)) == 1
	})
}

// OperatorNamed finds an operator by its name, for who was admitted before, such as by a
// session. CreatedAt tells it from another who had the name before.
//
// Errors: ErrUnauthorized, ErrUnavailable.
func (m *Market) OperatorNamed(ctx context.Context, name string) (Operator, error) {
	return m.theOperator(ctx, func(o *rules.Operator) bool { return o.Name == name })
}

func (m *Market) theOperator(ctx context.Context, is func(*rules.Operator) bool) (found Operator, err error) {
	finish := m.meter.operation(&ctx, "admit")
	defer func() { finish(err) }()
	_, all, err := m.operators(ctx)
	if err != nil {
		return found, err
	}
	for i := range all {
		if is(&all[i]) {
			found = operatorView(&all[i])
		}
	}
	if found.Name == "" {
		return found, rules.Refuse(CodeUnauthorized, "This operator's key is unknown or was revoked")
	}
	return found, nil
}
