package sqlite

import (
	"fmt"
	"runtime"
	"time"
)

const (
	defaultCallTimeout = 4 * time.Second
	minReaders         = 4
	// logPages, 16 MB of them, let pages that many commits change be brought into the
	// file once.
	logPages = 4000
)

// Option changes how a file is opened. Where a process opens one file several times,
// the first one's options count for the connections.
type Option func(*options)

type options struct {
	callTimeout time.Duration
	readers     int
	durable     bool
	// vfs is what lies between SQLite and the disk, "" for the usual; tests lose there
	// what was not synced.
	vfs string
	// checkpoint is after how many pages the log is brought into the file.
	checkpoint int
	// network names the network file system that a folder is on, "" for none.
	network func(folder string) string
	// room reports whether a folder's disk has any.
	room func(folder string) bool
}

// WithCallTimeout bounds how long a call waits for the file, which another process
// may be writing. The default is 4 s.
func WithCallTimeout(d time.Duration) Option { return func(o *options) { o.callTimeout = d } }

// WithReaders bounds how many reads run at once, each on a connection of its own
// that takes about 3 MB. The default is one for each processor and at least 4.
func WithReaders(n int) Option { return func(o *options) { o.readers = n } }

// WithoutDurability lets commits return before the disk has them. What a killed
// process has committed is kept; a machine that loses its power may lose commits and
// damage the file. It is for tests.
func WithoutDurability() Option { return func(o *options) { o.durable = false } }

func newOptions(opts []Option) (options, error) {
	o := options{callTimeout: defaultCallTimeout, readers: max(minReaders, runtime.NumCPU()), durable: true, checkpoint: logPages, network: networkOf, room: roomIn}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	switch {
	case o.callTimeout < time.Millisecond:
		return o, fmt.Errorf("sqlite: a call timeout of %v is too short", o.callTimeout)
	case o.readers < 1:
		return o, fmt.Errorf("sqlite: %d readers are too few", o.readers)
	}
	return o, nil
}
