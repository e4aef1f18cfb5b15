package mcpserver

import (
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
	_, said := exchange(t, serverOf(t), "2025-11-25", "", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	list := said.(map[string]any)["result"].(map[string]any)["tools"].([]any)
	if len(list) != len(tools()) {
		t.Errorf("%d tools are listed, there are %d", len(list), len(tools()))
	}
	total := len(encoding.Encode(string(encode(list)), nil, nil))
	if total > 3_000 {
		t.Errorf("the tools take %d tokens, want at most 3000", total)
	}
	for _, tool := range list {
		t.Logf("%-12s %d", tool.(map[string]any)["name"], len(encoding.Encode(string(encode(tool)), nil, nil)))
	}
	t.Logf("%d tokens", total)
}
