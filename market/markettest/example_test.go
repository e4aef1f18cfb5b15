package markettest_test

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market/markettest"
)

func Example() {
	t := newConsole() // in a test, its own t
	defer t.end()

	k := markettest.New(t)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("Review this code", markettest.Budget(30), markettest.Tagged("go"))

	bob.Claim(id)
	bob.Deliver(id, "Looks good to me", 20)
	k.Advance(24 * time.Hour) // ada does not look: the timer approves

	fmt.Println(bob.Task(id).Status)
	fmt.Println("bob has", bob.Balance()) // 20 less the fee of 10 %
	fmt.Println("ada has", ada.Balance())
	fmt.Println("ada heard", ada.Heard())
	_, err := bob.API.Abandon(k.Ctx, id)
	fmt.Println(err)
	// Output:
	// approved
	// bob has 118
	// ada has 80
	// ada heard [task_claimed task_delivered task_approved]
	// Task is approved and cannot be abandoned
}
