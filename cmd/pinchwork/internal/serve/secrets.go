package serve

import (
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/pinchwork/pinchwork/httpserver"
)

// maxSecretFile is longer than any key or URL.
const maxSecretFile = 64 << 10

// readSecret reads a value from the first line of a file, and says what is wrong with
// the file's rights.
func readSecret(path string) (value, warning string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", "", err
	}
	if info.Size() > maxSecretFile {
		return "", "", fmt.Errorf("%s has more than %s", path, showSize(maxSecretFile))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	value = strings.TrimRight(string(data), "\r\n")
	if strings.ContainsAny(value, "\r\n") {
		return "", "", fmt.Errorf("%s has more than one line", path)
	}
	if strings.TrimSpace(value) == "" {
		return "", "", fmt.Errorf("%s is empty", path)
	}
	return value, tooOpen(path, info), nil
}

// tooOpen warns of a file with secrets that everybody on the machine can read.
func tooOpen(path string, info os.FileInfo) string {
	if !checksRights || info.Mode().Perm()&0o004 == 0 {
		return ""
	}
	return fmt.Sprintf("%s holds a secret and is readable by every user of this machine: chmod 600 %s", path, path)
}

// adminKey has no flag. A variable that is set but empty is a mistake, which must not
// silently open or close the admin routes.
func adminKey() Setting {
	return Setting{
		Env: "PINCHWORK_ADMIN_KEY", Key: "admin-key", Secret: true, File: true, Help: "opens the admin API",
		set: func(s *Settings, v string) error {
			if strings.TrimSpace(v) == "" {
				return fmt.Errorf("must not be blank; unset it to switch the admin API off")
			}
			if err := (httpserver.Options{AdminKey: v}).Validate(); err != nil {
				return fmt.Errorf("must be printable ASCII without spaces")
			}
			s.AdminKey = v
			return nil
		},
		get: func(*Settings) string { return "" },
	}
}

// enoughBits is what nobody guesses at 30 tries a minute, or offline.
const enoughBits = 80

// weak reports whether a key may be guessed: it counts each character as chosen from
// those that the key has, which is more than there is in words and names.
func weak(key string) bool {
	if key == "" {
		return false
	}
	distinct := map[rune]bool{}
	for _, c := range key {
		distinct[c] = true
	}
	return float64(len(key))*math.Log2(float64(len(distinct))) < enoughBits
}

// warnings are what an operator is told at the start.
func (s *Settings) warnings() []string {
	out := s.Warnings
	if weak(s.AdminKey) {
		out = append(out, "the admin key is short or regular enough to be guessed; make one with: openssl rand -base64 32")
	}
	return out
}
