.PHONY: test bench year sim ci

test:
	go test ./...

# Every benchmark, with its ratio against a bare counterpart beside it. The
# stores' are a tenth as large as can be; the tops of their files say how to run
# them at full size.
bench:
	go run ./internal/bench
	go test -run '^$$' -bench . -benchtime 1s ./market/internal/... ./httpserver ./notify
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./internal/storebench
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m -short ./store/...

# A whole year of a hostile market, on the memory store; some minutes.
year:
	PINCHWORK_TEST_DAYS=365 go test ./market -run TestAHostileYear -v -timeout 30m

# Ten million operations in simulated marketplaces; some minutes. A failure prints its
# seed and a story.
sim:
	PINCHWORK_SIM_OPERATIONS=10000000 go test ./internal/sim -run TestRandom -v -timeout 0

ci:
	.ci/run
