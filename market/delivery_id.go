package market

import "strconv"

// DeliveryID is the id under which webhooks bear the event: unique in the
// marketplace, since one receiver may serve several agents, and the same over
// all attempts (contract §10). To clients it is opaque.
func (e *Event) DeliveryID() string { return string(e.Agent) + "-" + strconv.FormatInt(e.Seq, 10) }
