.PHONY: test bench ci

test:
	go test ./...

# Every benchmark, with its ratio against a bare counterpart beside it.
bench:
	go run ./internal/bench
	go test -run '^$$' -bench . -benchtime 1s ./market/internal/... ./store/... ./httpserver ./notify

ci:
	.ci/run
