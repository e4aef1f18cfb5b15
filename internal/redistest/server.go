package redistest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a private server of a test. Its methods end the test when they
// fail, and belong to the test's goroutine.
type Server struct {
	t        testing.TB
	program  string
	dir      string
	port     int
	settings map[string]string
	mode     []string // what precedes the settings
	process  *exec.Cmd
}

// patience bounds every wait for the server, also with a large file to load.
const patience = 30 * time.Second

// URL is the address for redis.Open.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Addr is host and port, the same after a restart.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// Kill ends the server at once, as a crash would (SIGKILL).
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.process.Process.Kill(); err != nil {
		s.t.Fatalf("killing Redis: %v", err)
	}
	_ = s.process.Wait()
}

// Restart starts the server again on the same port and data, and returns once
// it serves.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatalf("restarting Redis: %v", err)
	}
}

// Pause makes the server hang without closing a connection, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatalf("sending %s to Redis: %v", sig, err)
	}
}

// launch starts the server on a free port. Somebody else may take the port in
// between, so it tries a few.
func (s *Server) launch() {
	s.t.Helper()
	var err error
	for range 5 {
		if s.port, err = freePort(); err != nil {
			continue
		}
		if err = s.start(); err == nil {
			return
		}
	}
	s.t.Fatalf("starting Redis: %v\n%s", err, s.log())
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

func (s *Server) start() error {
	s.process = exec.Command(s.program, s.arguments()...)
	s.process.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(s.process.SysProcAttr)
	if err := s.process.Start(); err != nil {
		return err
	}
	if err := s.awaitReady(); err != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		return err
	}
	return nil
}

func (s *Server) arguments() []string {
	args := append([]string{}, s.mode...)
	args = append(args,
		"--bind", "127.0.0.1", "--port", fmt.Sprint(s.port), "--dir", s.dir,
		"--logfile", s.logFile(), "--daemonize", "no")
	for name, value := range s.settings {
		args = append(args, "--"+name, value)
	}
	return args
}

// awaitReady asks until the server answers, or has ended.
func (s *Server) awaitReady() error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if s.ready() {
			return nil
		}
		if s.process.Process.Signal(syscall.Signal(0)) != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("redis does not answer on port %d", s.port)
}

func (s *Server) ready() bool {
	conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	reply, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.HasPrefix(reply, "+PONG")
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "redis.log") }

func (s *Server) log() []byte {
	data, _ := os.ReadFile(s.logFile())
	return data
}

func (s *Server) close() {
	if s.process != nil && s.process.Process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	}
	_ = os.RemoveAll(s.dir)
}
