// Package httpserver serves a market over HTTP: the /v1 API.
// It only translates. Every rule of the marketplace lives in package market;
// here are paths, formats, status codes, authentication headers and rate limits.
//
//	m, err := pinchwork.New()
//	…
//	api, err := httpserver.New(m, httpserver.Options{AdminKey: os.Getenv("PINCHWORK_ADMIN_KEY")})
//	…
//	server := &http.Server{Addr: ":8000", Handler: api}
//	server.RegisterOnShutdown(api.Close)
//
// The Server is a plain http.Handler. To mount it under a prefix, strip the
// prefix as for any handler:
//
//	mux.Handle("/market/", http.StripPrefix("/market", api))
//
// # Formats
//
// Bodies are JSON objects or markdown with YAML frontmatter, both ways. A
// request body that starts with "{" is JSON unless its content type is markdown. In
// markdown the text below the frontmatter is the endpoint's main field.
// Responses, errors included, are markdown unless Accept prefers
// application/json; their text is the first of result, need and message that is
// there. /health, /readyz and the event stream have one format each.
//
// # Rate limits
//
// Each route belongs to one Class. Calls with a key are charged to the agent, all
// others, public reads included, to the client address. What is neither
// registering, creating, picking up nor delivering counts as a read, the opening
// of an event stream as one. Limits are kept by the market's store, so replicas
// share them.
package httpserver
