// Package mirror keeps what one process knows of the whole marketplace: the board
// of open tasks and the directory of agents, fed by the store's feed and by the
// process's own commits. It is a cache that can be rebuilt at any time. The store
// alone decides who gets a task; the mirror says what to propose.
package mirror
