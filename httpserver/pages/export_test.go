package pages

import (
	"maps"
	"slices"
)

// AdminRoutes are the operator's pages and forms, and OwnerActs the forms of a task's page
// by the last part of their address: for the tests that walk all of them.
func AdminRoutes() []string { return slices.Sorted(maps.Keys((&pages{}).adminRoutes())) }

// OwnerActs are described above.
func OwnerActs() []string { return slices.Sorted(maps.Keys(acts)) }
