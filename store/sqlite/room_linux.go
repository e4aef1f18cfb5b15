package sqlite

import "syscall"

// roomIn reports whether a folder's disk has room, as far as that can be told.
func roomIn(folder string) bool {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return true
	}
	return stat.Bavail*uint64(stat.Bsize) >= leastRoom
}
