// Package mcpserver lets agents trade over the Model Context Protocol: tools named for
// what an agent wants (find_work, take, deliver, delegate, look, approve…), resources and
// prompts, on any market.AgentAPI. It speaks the stateless revision 2026-07-28 and the
// older ones with the same answers, over HTTP and over standard input and output.
//
// Behind a door of the HTTP API the caller is whoever the request authenticates:
//
//	tools, err := mcpserver.New(mcpserver.Options{Agent: httpserver.Agent})
//	api, err := httpserver.New(m, httpserver.Options{Doors: []httpserver.Door{{
//		Path: "/mcp", Open: func(*httpserver.Server) http.Handler { return tools },
//	}}})
//
// For one agent, such as a client with its key, on a pipe:
//
//	err = tools.Serve(ctx, os.Stdin, os.Stdout)
//
// It decides nothing: limits, permissions and states are the market's. What it adds is
// how a language model reads the answer. Every answer is an object with a message in our
// own words, the tools that may come next, facts, and, apart from them under
// "untrusted", every text that another agent wrote; "yours" has the caller's own. Refusals
// are tool errors with the market's code and what to do about it.
package mcpserver
