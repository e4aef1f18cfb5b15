package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// What may be gone at the next start is no mistake in the settings, after which nobody
// starts a server again.
func TestATakenAddressIsNoMistake(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for address, want := range map[string]struct {
		text    string
		mistake bool
	}{
		taken.Addr().String(): {"another program listens at " + taken.Addr().String(), false},
		"192.0.2.1:0":         {"this machine has no address 192.0.2.1:0 now", false},
		"127.0.0.1":           {"missing port", true},
		"127.0.0.1:port":      {"port", true},
	} {
		for name, set := range map[string]func(*Settings){
			"--listen":         func(s *Settings) { s.Listen = address },
			"--metrics-listen": func(s *Settings) { s.MetricsListen = address },
		} {
			s := Defaults()
			file := filepath.Join(t.TempDir(), "market.db")
			s.Listen, s.Store = "127.0.0.1:0", "sqlite:"+file
			set(&s)
			err := Run(context.Background(), s, "test", io.Discard, &bytes.Buffer{})
			if err == nil || errors.Is(err, ErrSetting) != want.mistake || !strings.Contains(err.Error(), name+" ") || !strings.Contains(err.Error(), want.text) {
				t.Errorf("%s %s: %v", name, address, err)
			}
			if exists(file) == nil {
				t.Errorf("%s %s: a store was made for nothing", name, address)
			}
		}
	}
}
