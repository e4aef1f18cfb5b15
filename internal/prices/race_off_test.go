//go:build !race

package prices

const slower = 1
