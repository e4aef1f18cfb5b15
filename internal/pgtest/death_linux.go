package pgtest

import "syscall"

// dieWithParent ends the server at once when this process is killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
