package market

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"

	"github.com/pinchwork/pinchwork/store"
)

// APIKey is an agent's secret, "pwk-" and 43 URL-safe characters (256 random
// bits). It is shown once, when it is made; stores see only its digest. However it is
// printed or logged it reads "pwk-…": string(k) is the key, and so is its field in
// JSON.
type APIKey string

// Digest returns the digest under which the key is stored.
func (k APIKey) Digest() store.KeyDigest { return sha256.Sum256([]byte(k)) }

// String hides the key, so that it cannot reach a log by accident. "" stays "".
func (k APIKey) String() string {
	if k == "" {
		return ""
	}
	return "pwk-…"
}

// GoString hides the key from %#v as String hides it from %v.
func (k APIKey) GoString() string { return k.String() }

// Format hides the key from every verb of package fmt.
func (k APIKey) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.String()) }

// LogValue hides the key from package log/slog.
func (k APIKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

const (
	base62     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	idLength   = 16
	keyBytes   = 32
	unbiasedTo = 248 // the largest multiple of 62 that fits a byte
)

// idSource makes identifiers and keys from a source of random bytes.
type idSource struct{ random io.Reader }

// next returns prefix and idLength unbiased base62 characters.
func (s idSource) next(prefix string) (string, error) {
	out := make([]byte, 0, len(prefix)+idLength)
	out = append(out, prefix...)
	var buf [2 * idLength]byte
	for {
		if _, err := io.ReadFull(s.random, buf[:]); err != nil {
			return "", fmt.Errorf("reading random bytes: %w", err)
		}
		for _, b := range buf {
			if b >= unbiasedTo {
				continue
			}
			if out = append(out, base62[b%62]); len(out) == cap(out) {
				return string(out), nil
			}
		}
	}
}

// below returns a number from 0 to n − 1. It is slightly biased, which does not
// matter for waits.
func (s idSource) below(n int64) (int64, error) {
	var buf [8]byte
	if _, err := io.ReadFull(s.random, buf[:]); err != nil {
		return 0, fmt.Errorf("reading random bytes: %w", err)
	}
	return int64(binary.LittleEndian.Uint64(buf[:]) % uint64(n)), nil
}

func (s idSource) key() (APIKey, error) {
	key, err := s.secret("pwk-")
	return APIKey(key), err
}

// secret returns prefix and 256 random bits in URL-safe characters.
func (s idSource) secret(prefix string) (string, error) {
	var buf [keyBytes]byte
	if _, err := io.ReadFull(s.random, buf[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(buf[:]), nil
}
