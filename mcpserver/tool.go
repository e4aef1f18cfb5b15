package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pinchwork/pinchwork/market"
)

// tool is something that an agent can do.
type tool struct {
	name, title, description string
	fields                   []field
	kind                     kind
	gives                    json.RawMessage // the schema of its answers
	// step is what to do when the task's state does not allow it, "" for what steps says.
	step string
	// steps are what to do about other refusals, where this tool knows better than steps.
	steps map[market.Code]string
	run   func(ctx context.Context, m market.AgentAPI, arguments json.RawMessage) (*reply, error)
}

// kind is what a call may do, as hosts want to know before they allow it.
type kind int

const (
	reads   kind = iota
	adds         // a repeat adds again
	settles      // a repeat changes nothing more
	ends         // it cannot be taken back; a repeat changes nothing more
)

func (k kind) annotations() *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{
		ReadOnlyHint: k == reads, IdempotentHint: k != adds, DestructiveHint: new(k == ends),
	}
}

// does makes the action of a tool with arguments of type In.
func does[In any](do func(context.Context, market.AgentAPI, In) (*reply, error)) func(context.Context, market.AgentAPI, json.RawMessage) (*reply, error) {
	return func(ctx context.Context, m market.AgentAPI, arguments json.RawMessage) (*reply, error) {
		var in In
		if err := decode(arguments, &in); err != nil {
			return nil, err
		}
		return do(ctx, m, in)
	}
}

func tools() []tool {
	var all []tool
	for _, group := range [][]tool{workTools, postTools, talkTools, aboutTools} {
		all = append(all, group...)
	}
	return all
}

func (s *Server) addTools() {
	for _, t := range tools() {
		s.server.AddTool(&mcp.Tool{
			Name: t.name, Title: t.title, Description: t.description, InputSchema: schemaOf(t.fields),
			OutputSchema: t.gives, Annotations: t.kind.annotations(),
		}, func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return s.call(ctx, &t, r.Params.Arguments).result(), nil
		})
	}
}

// call runs a tool. A refusal is an answer too: one that the model reads.
func (s *Server) call(ctx context.Context, t *tool, arguments json.RawMessage) *reply {
	answer, err := s.run(ctx, t, arguments)
	if err != nil {
		return refused(t, err)
	}
	return answer
}

// run contains panics, which would end the process: the SDK runs tools in goroutines of
// its own.
func (s *Server) run(ctx context.Context, t *tool, arguments json.RawMessage) (_ *reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.options.Logger.ErrorContext(ctx, "panic", "tool", t.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errInternal
		}
	}()
	m := s.options.Agent(ctx)
	if m == nil {
		return nil, errNobody
	}
	return t.run(ctx, m, arguments)
}
