// Package markettest is the kit for tests of programs that use a marketplace: a
// market on a fake clock, scripted agents whose calls fail the test when they
// are refused, a clock that fires every timer at its instant and in order, and
// a check of the books after every step.
//
//	func TestReview(t *testing.T) {
//		k := markettest.New(t)
//		ada, bob := k.Agent("ada"), k.Agent("bob")
//		id := ada.Post("Review this code", markettest.Budget(30))
//		bob.Claim(id)
//		bob.Deliver(id, "Looks good to me")
//		k.Advance(24 * time.Hour) // nobody reviews: approved by the timer
//		if got := bob.Balance(); got != 100+27 {
//			t.Fatalf("bob has %d credits", got)
//		}
//	}
//
// Nothing sleeps, and nothing runs in the background. Agent.API is the whole
// market.AgentAPI for what the scripts do not cover, refusals above all; hand
// it to the code under test.
package markettest
