package sqlite

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3/driver"
)

// file is what a process has open of one file: a connection that writes, and some
// that read.
type file struct {
	path    string
	options options
	// found and left are the versions of the schema before this process opened it, and after.
	found, left int
	writer      *writer
	readers     *pool
	// hosts is made when a host first asks for a transaction.
	hosting sync.Once
	hosts   *sql.DB
	hostErr error
}

// idleHost is how long a connection is kept for the next transaction of a host.
const idleHost = time.Minute

func openFile(path string, o options) (*file, error) {
	c, err := o.connect(path)
	if err != nil {
		return nil, o.whyFailed(path, err)
	}
	found, left, err := prepareFile(c, path)
	if err != nil {
		err = o.whyFailed(path, err) // before room is made by closing
		_ = c.close()
		return nil, err
	}
	sameMode(path)
	return &file{
		path: path, options: o, found: found, left: left, writer: newWriter(c, o.durable),
		readers: newPool(o.readers, func() (*conn, error) { return o.connect(path) }),
	}, nil
}

// sameMode gives the shared memory the database's permissions, as SQLite itself does and
// as the write-ahead log has them; another owner's file keeps its own.
func sameMode(path string) {
	if info, err := os.Stat(path); err == nil {
		_ = os.Chmod(path+"-shm", info.Mode().Perm())
	}
}

func prepareFile(c *conn, path string) (found, left int, err error) {
	if err := whole(c, path); err != nil {
		return 0, 0, err
	}
	return migrate(c)
}

// close waits for what is under way.
func (f *file) close() error {
	f.readers.close()
	if f.hosts != nil {
		_ = f.hosts.Close()
	}
	return f.writer.close()
}

// Where the header of a file says how many pages of which size it has.
const (
	headerSize   = 100
	pageSizeAt   = 16
	pageCountAt  = 28
	biggestPage  = 65536
	maxLookAgain = 3
)

// whole refuses a file that is shorter than it says. What lies in the write-ahead log
// is brought into the file first; another process may be about to do the same, which
// is why one look does not count.
func whole(c *conn, path string) (err error) {
	for range maxLookAgain {
		if err = c.run("pragma wal_checkpoint(passive)"); err != nil {
			return err
		}
		if err = longEnough(path); err == nil {
			return nil
		}
	}
	return err
}

func longEnough(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	header := make([]byte, headerSize)
	if n, err := io.ReadFull(f, header); n == 0 && err == io.EOF {
		return nil
	} else if err != nil {
		return fmt.Errorf("%w: its header: %w", ErrDamaged, err)
	}
	size := int64(binary.BigEndian.Uint16(header[pageSizeAt:]))
	if size == 1 {
		size = biggestPage
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if want := size * int64(binary.BigEndian.Uint32(header[pageCountAt:])); info.Size() < want {
		return fmt.Errorf("%w: it has %d of %d bytes", ErrDamaged, info.Size(), want)
	}
	return nil
}

// host returns the pool whose transactions a host is given.
func (f *file) host() (*sql.DB, error) {
	f.hosting.Do(func() {
		f.hosts, f.hostErr = driver.Open(f.options.uri(f.path), f.options.configureHost)
		if f.hostErr == nil {
			f.hosts.SetMaxIdleConns(1)
			f.hosts.SetConnMaxIdleTime(idleHost)
		}
	})
	return f.hosts, f.hostErr
}
