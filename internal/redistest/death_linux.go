package redistest

import "syscall"

// dieWithParent ends the server when this process is killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
