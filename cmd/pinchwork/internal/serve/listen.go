package serve

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Vacant refuses an address at which listen would fail, before a store is opened or made
// for nothing. It does not keep it: who listens before the store is open holds requests
// that a proxy would have had answered elsewhere.
func Vacant(address, setting string) error {
	l, err := listen(address, setting)
	if err != nil {
		return err
	}
	return l.Close()
}

// listen opens the listener of a setting. An address that somebody else has, or that the
// machine has not got yet, may be there at the next start; anything else is a mistake.
func listen(address, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: another program listens at %s", setting, address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s: this machine has no address %s now", setting, address)
	}
	return nil, fmt.Errorf("%w: %s: %w", ErrSetting, setting, err)
}
