// Package prices has the test that makes the most expensive request of every
// route and holds it to its price in docs/price-list.md.
package prices
