package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/mcpserver"
)

func newMCP(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Give the profile's agent to a host as tools (Model Context Protocol, standard input and output)",
		Long: `Serve the tools of the Model Context Protocol on standard input and output,
for one agent: the profile's. A host such as an editor or an assistant starts it:

  {"mcpServers": {"pinchwork": {"command": "pinchwork", "args": ["mcp"]}}}

A host that speaks HTTP needs no program: it gets the server's address with
/mcp and the key as a bearer.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return serveMCP(cmd.Context(), a) },
	}
}

// serveMCP says nothing on standard output but the protocol.
func serveMCP(ctx context.Context, a *app) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	// A server that is away may be back when the host calls; a wrong key stays wrong.
	if _, err := client.Me(ctx); errors.Is(err, market.ErrUnauthorized) {
		return err
	}
	logs := slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelError})
	tools, err := mcpserver.New(mcpserver.Options{
		Agent: mcpserver.Always(client), Version: buildVersion(), Logger: slog.New(whileWanted{logs, ctx}),
	})
	if err != nil {
		return err
	}
	return tools.Serve(ctx, io.NopCloser(a.stdin), a.stdout)
}

// whileWanted logs nothing once the user has interrupted: that is how it ends.
type whileWanted struct {
	slog.Handler
	ctx context.Context
}

func (w whileWanted) Enabled(ctx context.Context, level slog.Level) bool {
	return w.ctx.Err() == nil && w.Handler.Enabled(ctx, level)
}
