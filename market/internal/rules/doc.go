// Package rules decides. Each function takes what was loaded, one instant and the
// policy, and returns the Outcome of an operation, a complete store.Change, or the
// refusal that it is. Nothing here asks a clock, a store, another goroutine or
// chance, so that every decision is the same wherever and how often it is taken.
//
// A file holds one step in the life of a task or an agent: post, claim, deliver,
// review, leave, the timers that take such steps when nobody does, the talk about a
// task, what an operator does. outcome.go builds the Change; access.go says who may
// do what, limits.go what an input may be, refusal.go and codes.go how to say no.
package rules
