package notify

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func countNew(n *atomic.Int64) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
}

// babbler is a server that does not speak HTTP.
func babbler(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte("220 smtp.example ESMTP\r\n"))
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// inward are addresses at which a webhook could reach what only this process
// can.
var inward = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
	"168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
	"2002:7f00:1::", "2001::1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "2001:db8::1",
}

func TestTheDialerRefusesInwardAddresses(t *testing.T) {
	for _, host := range inward {
		ip := netip.MustParseAddr(host)
		network, url := "tcp4", "https://"+host
		if ip.Is6() {
			network, url = "tcp6", "https://["+host+"]"
		}
		if err := guard.Safe(network, netip.AddrPortFrom(ip, 443).String(), nil); !guarded(err) {
			t.Errorf("the dialer's guard lets %s pass: %v", host, err)
		}
		if market.CheckWebhookURL(url, false) == nil {
			t.Errorf("CheckWebhookURL lets %s pass, the dialer does not", url)
		}
	}
}

func TestGuardAllowsPublicAddressesOnAnyPort(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8:443": true, "8.8.8.8:80": true, "8.8.8.8:22": true, "8.8.8.8:8443": true,
		"[2606:4700:4700::1111]:443": true, "[2606:4700:4700::1111]:6379": true, "10.0.0.1:443": false, "[::1]:8443": false,
	} {
		network := "tcp" + map[bool]string{true: "6", false: "4"}[address[0] == '[']
		if err := guard.Safe(network, address, nil); (err == nil) != want {
			t.Errorf("Safe(%s) = %v, want allowed: %v", address, err, want)
		}
	}
	if err := guard.Safe("udp4", "8.8.8.8:443", nil); !guarded(err) {
		t.Errorf("Safe(udp4) = %v, want refused", err)
	}
}

// Whatever form a host has, and whatever the system's resolver
// makes of it, no connection inward is opened.
func TestTransportOpensNoConnectionInward(t *testing.T) {
	dial := newTransport(false, nil).DialContext
	for _, host := range []string{
		"localhost", "localhost.", "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1",
		"[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "100.64.0.1", "168.63.129.16",
	} {
		conn, err := dial(t.Context(), "tcp", host+":80")
		if err == nil {
			_ = conn.Close()
			t.Errorf("a connection to %s was opened", host)
			continue
		}
		var dns *net.DNSError
		if !guarded(err) && !errors.As(err, &dns) {
			t.Errorf("dialing %s fails with %v, want the guard or the resolver", host, err)
		}
	}
}

// A public name that resolves to a private address is refused
// after resolving, at every attempt.
func TestWebhookRefusesNamesThatResolveInward(t *testing.T) {
	for _, to := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "168.63.129.16"} {
		t.Run(to, func(t *testing.T) {
			var asked atomic.Int64
			w := newWorld(t)
			w.agent("ag-1", "https://rebound.example.com/hook", "")
			w.deliver(WebhookOptions{
				MaxRetries: new(1), Transport: newTransport(false, resolverTo(netip.MustParseAddr(to), &asked)),
			})
			w.tell("ag-1", 1)
			for n := range 2 {
				eventually(t, "attempt", func() bool { return len(w.finished()) == n+1 })
				if got := w.finished()[n].Error; got != errAddress.Error() {
					t.Errorf("attempt %d: %q, want %q", n+1, got, errAddress)
				}
				asks := asked.Load()
				if w.pass(5 * time.Second); asks == 0 {
					t.Error("the name was not resolved")
				}
			}
			if len(w.dead("ag-1")) != 1 {
				t.Errorf("dead letters %+v, want one", w.dead("ag-1"))
			}
		})
	}
}

func TestTransportUsesNoProxy(t *testing.T) {
	if newTransport(false, nil).Proxy != nil || newTransport(true, nil).Proxy != nil {
		t.Error("the transport takes a proxy from the environment")
	}
}

// resolverTo answers every question for an IPv4 address with to, and counts them.
func resolverTo(to netip.Addr, asked *atomic.Int64) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerDNS(server, to, asked)
		return client, nil
	}}
}

// answerDNS answers one question over a stream: a length before each message,
// the question repeated, and for type A (1) one record that refers to its name.
func answerDNS(conn net.Conn, to netip.Addr, asked *atomic.Int64) {
	defer func() { _ = conn.Close() }()
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	asked.Add(1)
	end := 12
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	kind := binary.BigEndian.Uint16(query[end+1:])
	answer := append([]byte{}, query[:end+5]...)
	copy(answer[2:12], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
	if kind == 1 {
		answer[7] = 1
		ip := to.As4()
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, ip[:]...)
	}
	_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}
