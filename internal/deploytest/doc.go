// Package deploytest runs and reads the files in deploy: proxies, rules for alerts, the
// dashboard, the chart, the container and the service. Programs that are not on the
// machine skip their tests, unless PINCHWORK_TEST_REQUIRE names them.
package deploytest
