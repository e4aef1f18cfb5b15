// Package store is the seam between a marketplace and what keeps it: the values
// that are kept, and the promises that every store makes about them.
//
// A Store loads what one decision needs, commits a Change whole or not at all, and
// tells in a feed what has changed. What a Change says was decided in package
// market; a store checks its guards and knows no rule. The folders below hold the
// stores; package storetest holds the promises as a test suite, which any
// implementation runs in one line.
//
// Values that were handed to a store or came from it are shared, and nobody changes
// them in place: copy a Task, then change the copy.
package store
