package sqlite

import "syscall"

// networks are the file systems that reach other machines, by the numbers with which
// Linux tells them.
var networks = map[uint32]string{
	0x00006969: "NFS",
	0x0000517b: "SMB",
	0xfe534d42: "SMB2",
	0xff534d42: "CIFS",
	0x5346414f: "AFS",
	0x73757245: "Coda",
	0x0000564c: "NCP",
	0x01021997: "9P",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x01161970: "GFS2",
	0x7461636f: "OCFS2",
	0x47504653: "GPFS",
}

// networkOf names the network file system that a folder is on, "" for none that can
// be told.
func networkOf(folder string) string {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return ""
	}
	return networks[uint32(stat.Type)]
}
