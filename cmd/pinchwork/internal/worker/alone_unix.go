//go:build unix && !aix && !solaris

package worker

import (
	"os"
	"path/filepath"
	"syscall"
)

// Alone reports whether no other worker on this machine holds the lock at path,
// and holds it until unlock. So only one of several workers of an agent resumes
// the claims of an earlier run. The system releases the lock when the process
// dies.
func Alone(path string) (unlock func(), alone bool) {
	none := func() {}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return none, true
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return none, true
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return none, false
	}
	return func() { _ = f.Close() }, true
}
