package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Never is the end of what is kept for good.
var Never = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// OperatorRole says what an operator may do.
type OperatorRole string

// The roles of operators. Root is nobody's to give: it is the host program's and the
// holder's of the server's own admin key.
const (
	OperatorLook OperatorRole = "look"
	OperatorAct  OperatorRole = "act"
	OperatorRoot OperatorRole = "root"
)

// Root is the name of the operator with the role of that name.
const Root = "root"

// Operator is one of those who run the marketplace, as the register keeps it.
type Operator struct {
	Name string       `json:"name"`
	Role OperatorRole `json:"role"`
	// Key is the digest of the operator's key, in hex.
	Key       string    `json:"key"`
	CreatedAt time.Time `json:"created_at"`
}

// CheckOperator refuses a name or a role that an operator cannot be given.
func CheckOperator(name string, role OperatorRole) error {
	if err := CheckRequired("name", name, limits.OperatorName); err != nil {
		return err
	}
	switch {
	case !isWord(strings.ReplaceAll(name, ".", "-")) || strings.Trim(name, ".") == "":
		return Invalid("name", "must be letters, digits, dots, hyphens or underscores")
	case strings.EqualFold(name, Root):
		return Invalid("name", "%s is the name of the holder of the server's own key", Root)
	case role != OperatorLook && role != OperatorAct:
		return Invalid("role", "must be %s or %s", OperatorLook, OperatorAct)
	}
	return nil
}

// MayAct refuses an operator who may only look.
func MayAct(role OperatorRole) error {
	if role == OperatorRoot || role == OperatorAct {
		return nil
	}
	return Refuse(CodeRoleRequired, "This needs an operator with the role %s", OperatorAct)
}

// MayAppoint refuses all operators but root: whoever could make operators could
// outlive the end of the own key by another one.
func MayAppoint(role OperatorRole) error {
	if role == OperatorRoot {
		return nil
	}
	return Refuse(CodeRoleRequired, "Only %s makes and revokes operators", Root)
}

// MayRevoke lets operators give up their own key beside root, who revokes any.
func MayRevoke(by string, role OperatorRole, name string) error {
	if role != OperatorRoot && by == name {
		return nil
	}
	return MayAppoint(role)
}

// AddOperator is the register with another operator. Names that differ only by case are
// one name.
func AddOperator(all []Operator, o Operator) ([]Operator, error) {
	if slices.ContainsFunc(all, func(there Operator) bool { return strings.EqualFold(there.Name, o.Name) }) {
		return nil, Refuse(CodeAlreadyDone, "There is an operator of that name")
	}
	if len(all) >= limits.Operators {
		return nil, Invalid("name", "there are %d operators already, which is the most", limits.Operators)
	}
	return append(slices.Clone(all), o), nil
}

// RemoveOperator is the register without an operator.
func RemoveOperator(all []Operator, name string) ([]Operator, error) {
	i := slices.IndexFunc(all, func(o Operator) bool { return o.Name == name })
	if i < 0 {
		return nil, Refuse(CodeNotFound, "There is no operator of that name")
	}
	return slices.Delete(slices.Clone(all), i, i+1), nil
}

// Record is a change that writes records alone.
func (p *Policy) Record(now time.Time, records ...*store.IdempotencyRecord) *Outcome {
	o := p.begin(now)
	o.Records = records
	return o
}
