package serve

import (
	"testing"

	"github.com/pinchwork/pinchwork/internal/a2atest"
)

// The official Python SDK as a customer of a server: tasks are posted, followed with a break
// in between, rejected, approved, cancelled, asked about and listed.
func TestACustomerOnThePythonSDK(t *testing.T) {
	s := start(t, func(*Settings) {})
	for _, dialect := range [][2]string{{"JSONRPC", "1.0"}, {"HTTP+JSON", "1.0"}, {"JSONRPC", "0.3"}} {
		t.Run(dialect[0]+" "+dialect[1], func(t *testing.T) {
			poster, worker := s.register(map[string]any{"name": "poster"}), s.register(map[string]any{"name": "worker"})
			a2atest.Customer(t, "http://"+s.addr, poster, worker, dialect[0], dialect[1])
		})
	}
}
