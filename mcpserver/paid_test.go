package mcpserver

import (
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

func TestWhatAnApprovalPaid(t *testing.T) {
	for want, task := range map[string]market.Task{
		"20 credits paid: 18 to the worker, 2 fee.":            {MaxCredits: 20, CreditsCharged: 20, Fee: new(int64(2)), WorkerReceives: new(int64(18))},
		"9 credits paid: 8 to the worker, 1 fee; 11 refunded.": {MaxCredits: 20, CreditsCharged: 9, Fee: new(int64(1)), WorkerReceives: new(int64(8))},
		"1 credit paid.": {MaxCredits: 1, CreditsCharged: 1, Fee: new(int64(0)), WorkerReceives: new(int64(1))},
	} {
		if got := paid(&task); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
