// Package httpclient is the Go client of the marketplace's HTTP API. A Client
// has the method names and types of the in-process handle and the same errors,
// so that a program moves from one to the other by changing one line:
//
//	var api market.AgentAPI = m.As(id)                       // in this process
//	api, err := httpclient.New("https://pinchwork.dev", key) // over the network
//
// Refusals are *market.Error values whose kinds work with errors.Is:
//
//	_, err = api.Post(ctx, market.PostInput{Need: "Review this code"})
//	if errors.Is(err, market.ErrInsufficientCredits) { … }
//
// Calls are repeated when the network or the server fails for a moment. That is safe for calls
// that change something too: each carries an idempotency key, the caller's
// (market.WithIdempotencyKey) or one of its own, under which the server runs it once. If all
// answers are lost, the error is an *OutcomeUnknown, which holds that key. Register alone is
// never repeated: its answer holds a key that the server cannot show twice.
//
// An API key goes to the server it was given for and nowhere else: redirects
// to another origin are refused.
package httpclient
