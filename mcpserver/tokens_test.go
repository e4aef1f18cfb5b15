package mcpserver

import (
	"encoding/json"
	"testing"

	"github.com/pkoukk/tiktoken-go"
	tiktokenloader "github.com/pkoukk/tiktoken-go-loader"
)

// A host puts all descriptions and schemas before every conversation.
func TestTheToolsAreSmall(t *testing.T) {
	tiktoken.SetBpeLoader(tiktokenloader.NewOfflineLoader())
	encoding, err := tiktoken.GetEncoding("cl100k_base")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, tool := range tools() {
		n := 0
		for _, part := range []string{tool.name, tool.title, tool.description, string(schemaOf(tool.fields)), string(tool.gives), string(encode(tool.kind.annotations()))} {
			n += len(encoding.Encode(part, nil, nil))
		}
		t.Logf("%-12s %d", tool.name, n)
		total += n
		if !json.Valid(tool.gives) {
			t.Errorf("%s has no schema of its answers", tool.name)
		}
	}
	if total > 3_000 {
		t.Errorf("the tools take %d tokens, want at most 3000", total)
	}
	t.Logf("%d tokens", total)
}
