package market

import (
	"errors"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// astray are the refusals of a step that is not the caller's, or not the next one.
var astray = map[Code]bool{
	CodeForbidden: true, CodeWrongState: true, CodeClaimLapsed: true, CodeAlreadyClaimed: true, CodeAlreadyDone: true,
	CodeOwnTask: true, CodeRoleConflict: true,
}

// instead adds to a refusal about a task what its caller may do to that now, as answers
// list it (rule 4.31).
func (m *Market) instead(op *operation, d *done, err error) error {
	refusal, is := errors.AsType[*Error](err)
	if !is || op.anonymous || !astray[refusal.Code] || d.loaded == nil || d.loaded.Task == nil || rules.Visible(d.now, d.loaded) != nil {
		return err
	}
	said := *refusal
	said.Actions = m.rules.Actions(d.now, d.loaded)
	if !op.load.Role { // which decides about pickups
		said.Actions = slices.DeleteFunc(said.Actions, func(a Action) bool { return a == ActionPickup })
	}
	return &said
}
