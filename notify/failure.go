package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// The failures that do not come from the network.
var (
	errNotAllowed = errors.New("the webhook URL is not allowed")
	errGone       = errors.New("answered 410 Gone")
	errOurs       = errors.New("the marketplace failed to make the request")
	errAddress    = errors.New("the host's address is not allowed: it must be public")
)

// statusFailure describes an answer that is not 2xx. It leaves out the body,
// which could be anything.
func statusFailure(code int) error {
	if code == http.StatusGone {
		return errGone
	}
	if code >= 300 && code < 400 {
		return fmt.Errorf("answered %d: redirects are not followed", code)
	}
	if text := http.StatusText(code); text != "" {
		return fmt.Errorf("answered %d %s", code, text)
	}
	return fmt.Errorf("answered %d", code)
}

// networkFailure describes a request without an answer to the webhook's owner:
// what went wrong, but no address, no URL, nothing of this process.
func networkFailure(err error, timeout time.Duration) error {
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		tlsR tls.RecordHeaderError
		host x509.HostnameError
		op   *net.OpError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %v", timeout)
	case guarded(err):
		return errAddress
	case errors.As(err, &dns):
		return errors.New("the host name could not be resolved")
	case errors.As(err, &cert), errors.As(err, &host):
		return errors.New("the TLS certificate is not valid for this host")
	case errors.As(err, &tlsR), errors.Is(err, http.ErrSchemeMismatch):
		return errors.New("the server does not speak TLS")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the connection was refused")
	case errors.As(err, &op) && op.Op == "dial":
		return errors.New("the connection could not be opened")
	default:
		return errors.New("the connection broke before a valid answer came")
	}
}
