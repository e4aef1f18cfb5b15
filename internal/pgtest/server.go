package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout = 60 * time.Second
	pollEvery    = 20 * time.Millisecond
)

// Server is a private Postgres server on a loopback port. Its methods are for
// one goroutine at a time.
type Server struct {
	dir      string
	bin      string
	port     int
	settings []string
	process  *process
}

// URL is that of the database postgres on the server; it stays the same over
// restarts.
func (s *Server) URL() string { return s.url("postgres") }

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", s.Addr(), database)
}

// Addr is the server's address, "127.0.0.1:port".
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// CPU is the processor time that the server has used, for benchmarks.
func (s *Server) CPU() time.Duration { return time.Duration(s.process.ticks()) * 10 * time.Millisecond }

// Kill ends the server and all its connections as a crash does (SIGKILL).
func (s *Server) Kill() {
	children := s.process.children()
	s.process.end(syscall.SIGKILL)
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	s.awaitSilence()
}

// awaitSilence waits until nothing is left that serves a connection.
func (s *Server) awaitSilence() {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(pollEvery) {
		conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

// Restart starts a server that was killed, and returns once it
// answers.
func (s *Server) Restart() error {
	args := []string{"-D", s.data(), "-p", fmt.Sprint(s.port), "-k", s.dir, "-h", "127.0.0.1"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	p, err := start(s.Program("postgres"), args, filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	s.process = p
	return s.await()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Program is the path of a program that came with the server, such as pgbench.
func (s *Server) Program(name string) string { return filepath.Join(s.bin, name) }

// await polls until the server answers a query.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		err := s.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.done:
			return fmt.Errorf("the server ended: %s", s.lastLog())
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer: %w", err)
		case <-time.After(pollEvery):
		}
	}
}

func (s *Server) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.Ping(ctx)
}

func (s *Server) lastLog() string {
	data, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(data[max(0, len(data)-2000):])
}

// close ends the server and deletes what it stored.
func (s *Server) close() {
	if s.process != nil {
		s.process.end(syscall.SIGQUIT)
	}
	_ = os.RemoveAll(s.dir)
}

// programs returns the folder of initdb and postgres.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		// A link to it stands alone; its neighbours are where it leads to.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("no initdb in PATH or /usr/lib/postgresql/*/bin")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// launch makes a new cluster and starts it.
func launch(settings ...string) (s *Server, err error) {
	s = &Server{settings: append([]string{"max_connections=200"}, settings...)}
	if s.bin, err = programs(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return nil, err
	}
	if err = s.initialise(); err == nil {
		err = s.Restart()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) initialise() (err error) {
	if err := handOver(s.dir); err != nil {
		return err
	}
	cmd := exec.Command(s.Program("initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir = s.dir
	if cmd.SysProcAttr, err = asPostgres(); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	s.port, err = freePort()
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
