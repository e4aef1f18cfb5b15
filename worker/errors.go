package worker

import (
	"errors"

	"github.com/pinchwork/pinchwork/market"
)

// uncertain reports whether a call that ended with err may have been done, or may be
// being done.
func uncertain(err error) bool {
	return errors.Is(err, market.ErrUnavailable) || isCode(err, market.CodeStillUnderWay)
}

// gone reports whether a task is none of the agent's any more.
func gone(err error) bool {
	return errors.Is(err, market.ErrNotFound) || errors.Is(err, market.ErrForbidden)
}

// fatal reports whether no later pickup can succeed either.
func fatal(err error) bool {
	for _, kind := range []error{market.ErrUnauthorized, market.ErrForbidden, market.ErrInvalid, market.ErrNotFound, market.ErrNotConfigured} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func isCode(err error, code market.Code) bool {
	var refused *market.Error
	return errors.As(err, &refused) && refused.Code == code
}
