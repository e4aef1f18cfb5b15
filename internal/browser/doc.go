// Package browser holds the tests of the pages in a real Chromium.
//
// The pictures that they look at are kept with
//
//	PINCHWORK_ARTIFACTS=$PWD/artifacts go test ./internal/browser
package browser
