package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// about is what a server says of itself (GET /v1/capabilities).
type about struct {
	Version string `json:"version"`
	// Volatile says that what it keeps ends with it.
	Volatile bool `json:"volatile"`

	date time.Time // the server's clock, zero where it does not say
	took time.Duration
}

const (
	asksFor      = 5 * time.Second
	largestAbout = 1 << 20
)

// aboutServer asks a server for what it says of itself, without a key.
func aboutServer(ctx context.Context, server string) (about, error) {
	ctx, cancel := context.WithTimeout(ctx, asksFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/v1/capabilities", http.NoBody)
	if err != nil {
		return about{}, err
	}
	req.Header.Set("Accept", "application/json")
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return about{}, absent(server, err)
	}
	defer func() { _ = res.Body.Close() }()
	a := about{took: time.Since(began)}
	if res.StatusCode != http.StatusOK {
		return a, stranger(server, "it answers "+res.Status)
	}
	if json.NewDecoder(io.LimitReader(res.Body, largestAbout)).Decode(&a) != nil || a.Version == "" {
		return a, stranger(server, "it has no version")
	}
	a.date, _ = http.ParseTime(res.Header.Get("Date"))
	return a, nil
}

// forgotten explains why a key that this server has issued is none of its keys any more.
func (a *app) forgotten(err error) string {
	s := a.used
	if !errors.Is(err, market.ErrUnauthorized) || s.key == "" {
		return ""
	}
	if s.keyFrom == "--key" || s.keyFrom == "PINCHWORK_API_KEY" {
		return "The key came from " + s.keyFrom + ", and " + s.server + " does not know it: correct it, or leave it out to use a stored profile (pinchwork profiles)"
	}
	if !s.exists || s.key != s.stored.APIKey || !s.stored.IssuedBy(s.server) {
		return ""
	}
	ctx, cancel := a.untilStopped()
	defer cancel()
	if is, err := aboutServer(ctx, s.server); err != nil || !is.Volatile {
		return "The key of profile " + s.name + " was issued by this server. If it was replaced elsewhere, store the new one with: pinchwork login --profile " + s.name
	}
	return "This server keeps everything in memory: since it was started again it knows nobody. Begin anew with: pinchwork profiles remove " +
		s.name + " && pinchwork register --profile " + s.name + " --name " + shellWord(s.stored.AgentName)
}
