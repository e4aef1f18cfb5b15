package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StartCluster runs a cluster of one server that serves all slots: it refuses
// what a larger cluster would, keys of two slots in one command or script.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	s := Start(t, With("cluster-enabled", "yes"))
	s.command("CLUSTER ADDSLOTSRANGE 0 16383", "OK")
	s.command("CLUSTER INFO", "cluster_state:ok")
	return s
}

// Follow makes the server a replica of another one, and returns once it has all
// of its data.
func (s *Server) Follow(master *Server) {
	s.t.Helper()
	s.command(fmt.Sprintf("REPLICAOF 127.0.0.1 %d", master.port), "OK")
	s.command("INFO replication", "master_link_status:up")
}

// StartSentinel runs a sentinel that alone decides about the master of that
// name, a third of a second after it stops answering. It returns once it knows
// a replica.
func StartSentinel(t testing.TB, name string, master *Server) *Server {
	t.Helper()
	s := prepare(t, nil)
	file := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]d 1\nsentinel down-after-milliseconds %[1]s 300\nsentinel failover-timeout %[1]s 5000\n",
		name, master.port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatalf("writing the sentinel's settings: %v", err)
	}
	s.mode = []string{file, "--sentinel"}
	s.launch()
	s.command("INFO sentinel", "slaves=1")
	return s
}

// command repeats a command until its reply contains what is awaited.
func (s *Server) command(line, awaited string) {
	s.t.Helper()
	var reply string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if reply = s.ask(line); strings.Contains(reply, awaited) {
			return
		}
	}
	s.t.Fatalf("%s: no %q in %q", line, awaited, reply)
}

// ask returns the beginning of a reply, or what went wrong.
func (s *Server) ask(line string) string {
	conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
		return err.Error()
	}
	buffer := make([]byte, 16<<10)
	n, _ := conn.Read(buffer)
	return string(buffer[:n])
}
