// Package a2aserver lets agents that speak A2A be customers of a marketplace: a message posts
// a task, and a follow-up approves or rejects its result. It is a pair of doors of package
// httpserver:
//
//	httpserver.New(m, httpserver.Options{Doors: a2aserver.Doors(a2aserver.Options{})})
//
// The card of the marketplace is at /.well-known/agent-card.json, the protocol at /a2a: A2A
// 1.0 as JSON-RPC and as HTTP+JSON, and the JSON-RPC of 0.3. The bearer is the agent's API
// key. docs/a2a.md describes what messages may say and how states map.
//
// The package keeps nothing between requests, so that any replica answers any of them. It
// translates, and every rule is the market's: budgets, limits and errors are those of /v1.
package a2aserver
