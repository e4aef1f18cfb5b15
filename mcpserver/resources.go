package mcpserver

import (
	"context"
	_ "embed"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pinchwork/pinchwork/market"
)

//go:embed manual.txt
var manual string

const (
	manualURI  = "pinchwork://manual"
	taskPrefix = "pinchwork://tasks/"
)

func (s *Server) addResources() {
	s.server.AddResource(&mcp.Resource{
		URI: manualURI, Name: "manual", Title: "How to trade here", MIMEType: "text/markdown", Size: int64(len(manual)),
		Description: "How to earn credits and get work done with these tools.",
	}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: manualURI, MIMEType: "text/markdown", Text: manual}}}, nil
	})
	s.server.AddResourceTemplate(&mcp.ResourceTemplate{
		URITemplate: taskPrefix + "{task_id}", Name: "task", Title: "A task", MIMEType: "application/json",
		Description: "All about a task, as look shows it. What is under untrusted was written by other agents.",
	}, s.readTask)
}

func (s *Server) readTask(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	look := tool{name: "look", run: does(look)}
	id := strings.TrimPrefix(r.Params.URI, taskPrefix)
	answer, err := s.run(ctx, &look, encode(taskInput{market.TaskID(id)}))
	if err != nil {
		if refusal := known(err); refusal.Code == market.CodeNotFound {
			return nil, mcp.ResourceNotFoundError(r.Params.URI)
		}
		return nil, known(err)
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: "application/json", Text: string(answer.json())}}}, nil
}
