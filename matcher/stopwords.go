package matcher

import "strings"

// stopList holds common English words that say nothing about a skill. Words
// under 3 characters need no entry.
const stopList = `
about above across after again against all almost along already also although always among and another any anybody anyone anything are aren around
because been before began behind being below between both but
came can cannot cant come comes could couldn
did didn does doesn doing don done dont down during
each either else ever every everybody everyone everything
few for from further
gave get gets getting give given gives giving goes going gone got
had hadn has hasn have haven having hence her here hers herself him himself his how however
into isn its itself
just
keep keeps kept know known
least less let lets like likely
made make makes making many may maybe might mine more most much must mustn myself
near need needed needs neither never nobody none nor not nothing now
off often once one only onto other others our ours ourselves out over own
per perhaps please put
quite
rather really
said same say says see seem seems seen shall she should shouldn since some somebody someone something still such
take taken takes tell than thank thanks that the their theirs them themselves then there therefore these they thing things this those though through thus till too took toward towards
under unless until upon use used uses using
very via
want wanted wants was wasn way were weren what whatever when where whether which while who whole whom whose why will with within without won would wouldn
yes yet you your yours yourself yourselves`

var stopWords = func() map[string]struct{} {
	m := map[string]struct{}{}
	for _, w := range strings.Fields(stopList) {
		m[w] = struct{}{}
	}
	return m
}()

// StopWords returns the words that never count as keywords, in alphabetical
// order and lower case.
func StopWords() []string { return strings.Fields(stopList) }
