.DEFAULT_GOAL := help
.PHONY: help lint test race short sim mutants mutate bench year generate man release ci

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

lint: ## format, vet, lint and the arrows between packages
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go tool -modfile=tools/go.mod golangci-lint run ./...
	.ci/arrows

test: ## every test; real servers where their programs are on the machine
	go test ./...

race: ## the same with the race detector
	go test -race -gcflags=github.com/ncruces/go-sqlite3-wasm/...=-race=false -timeout 20m ./...

short: ## the memory store alone, no servers, no browser
	go test -short ./...

# A failure prints its seed and a story.
sim: ## ten million operations in simulated marketplaces; some minutes
	PINCHWORK_SIM_OPERATIONS=10000000 go test ./internal/sim -run TestRandom -v -timeout 0

mutants: ## put bugs of the past back and let the simulator find each; ten minutes
	PINCHWORK_SIM_MUTANTS=all go test ./internal/sim -run TestMutantsAreFound -v -timeout 60m

mutate: ## hundreds of changes of the rules, each of which a test has to notice; a minute
	go run ./internal/mutate ./market/internal/rules

year: ## a whole year of a hostile market, on the memory store; some minutes
	PINCHWORK_TEST_DAYS=365 go test ./market -run TestAHostileYear -v -timeout 30m

# The stores' are a tenth as large as can be; the tops of their files say how to run
# them at full size.
bench: ## every benchmark, with its ratio against a bare counterpart beside it
	go run ./internal/bench
	go test -run '^$$' -bench . -benchtime 1s ./market/internal/... ./httpserver ./notify
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./internal/storebench
	PINCHWORK_TEST_REQUIRE=redis,postgres go test -run '^$$' -bench . -benchtime 1x -timeout 60m -short ./store/...

generate: ## what is generated from the code: console output in the README, the list of prices, the pin of the routines
	go test -run ReadmeWalkThrough . -update
	go test -run TestThePriceListIsTheOneInTheDocuments ./internal/prices -update
	go test -run TestARevisionOfTheRoutinesHasOneText ./store/postgres -update

man: ## manual pages of all commands, into bin/man
	go run ./cmd/pinchwork man bin/man

release: ## pack a release of this commit into dist/, and publish nothing; needs goreleaser and cyclonedx-gomod
	goreleaser release --snapshot --clean

ci: ## everything a change has to pass
	.ci/run
