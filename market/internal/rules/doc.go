// Package rules decides. Each function takes what was loaded, one instant and the
// policy, and returns the Outcome of an operation, a complete store.Change, or a
// refusal. Nothing here asks a clock, a store, another goroutine or a random
// source, so that the same inputs always lead to the same decision.
//
// A file holds one step in the life of a task or an agent: post, claim, deliver,
// review, leave, the timers that act when nobody does, the talk about a task, the
// operator's actions. outcome.go builds the Change; access.go says who may do what,
// limits.go what an input may be, refusal.go and codes.go how to say no.
package rules
