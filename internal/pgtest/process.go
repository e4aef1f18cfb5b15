package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// process is a running server. Its goroutine ends with it.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// start runs a program that dies with this process. The kernel ties that to
// the thread that started it, so a goroutine keeps the thread until the end.
func start(path string, args []string, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Dir = filepath.Dir(logFile)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.cmd.SysProcAttr, err = asPostgres(); err != nil {
		_ = log.Close()
		return nil, err
	}
	dieWithParent(p.cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer close(p.done)
		defer func() { _ = log.Close() }()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
	}()
	return p, <-started
}

// end sends the signal and waits for the process to be gone.
func (p *process) end(signal syscall.Signal) {
	if p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(signal)
	}
	<-p.done
}

// children are the processes that serve connections: each leads a group of its
// own, so no signal to a group reaches them. Empty where there is no /proc.
func (p *process) children() (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (name) state parent …; a name may hold spaces, never a ')' after.
		rest := string(data[strings.LastIndexByte(string(data), ')')+1:])
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ticks are the processor's ticks, 100 in a second, that the process and those that
// serve connections have used, ended ones included. 0 where there is no /proc.
func (p *process) ticks() (n int64) {
	for i, pid := range append([]int{p.cmd.Process.Pid}, p.children()...) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		own := fields[11:13]
		if i == 0 {
			own = fields[11:15] // with the children that have ended
		}
		for _, field := range own {
			used, _ := strconv.ParseInt(field, 10, 64)
			n += used
		}
	}
	return n
}

// asPostgres makes a command run as the user postgres when this one is root,
// whom the server refuses.
func asPostgres() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return attr, nil
	}
	uid, gid, err := postgresUser()
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	return attr, nil
}

// handOver gives a folder to the user that the server runs as.
func handOver(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := postgresUser()
	if err != nil {
		return err
	}
	return os.Chown(dir, int(uid), int(gid))
}

func postgresUser() (uid, gid uint32, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, fmt.Errorf("root needs a user postgres to run the server: %w", err)
	}
	id, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return 0, 0, err
	}
	group, err := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(id), uint32(group), err
}
