# secondwind: run `make` for the list of targets.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
PACKAGES  ?= ./...
TESTFLAGS ?=
GO_TEST   ?= go test
FUZZTIME  ?= 10s
HOLD      ?=
SCENARIO  ?=
BENCH     ?=
WORLDS    ?= 10000

# As `build` compiles, so that what was compiled once serves both; and the real soaks.
LINT_ENV := CGO_ENABLED=0 GOFLAGS='-trimpath -tags=nomsgpack,soak'

PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# No goroutine runs in these, so the race detector would only take its time; and with it one
# virtual soak of each kind runs, so all of them run without it as well.
WITHOUT_RACE := ./verify/experiment ./verify/judge ./virtual

# The packages of PACKAGES, but those without a race to find; and those of PACKAGES that run without the detector.
RACING = $$(comm -23 <(go list $(PACKAGES) | sort) <(go list $(filter-out ./virtual,$(WITHOUT_RACE)) | sort))
PLAIN  = $$(comm -12 <(go list $(PACKAGES) | sort) <(go list $(WITHOUT_RACE) | sort))

# These compute and share nothing; the race detector would follow each byte of theirs, and tests
# that draw reports would take three times as long. None has generic code: the linker would take
# its copy of that for everybody's, and the detector would miss what synchronizes.
UNRACED := image image/color image/draw image/png compress/flate compress/zlib hash/adler32 hash/crc32 \
	github.com/golang/freetype/raster
RACE    := -race $(foreach package,$(UNRACED),-gcflags='$(package)=-race=false')

# Tests leave little to keep: a collector that comes less often takes a third less of their time.
export GOGC ?= 400

# Two packages more than there are cores at a time: many tests mostly wait, for processes and time-outs.
AT_ONCE := -p $(shell echo $$(($$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 2)))

# The race detector needs cgo and a C compiler.
CC_FOUND := $(shell command -v "$$(go env CC)" 2>/dev/null)

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/secondwind and bin/calculator
	CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags '$(LDFLAGS)' -o bin/ ./cmd/secondwind ./cmd/calculator

.PHONY: test
test: ## run every test but the real soaks of `verdicts`, in random order, with the race detector (TESTFLAGS=-v names each)
ifeq ($(CC_FOUND),)
	@echo "test: no C compiler ($$(go env CC)) was found, so the tests run WITHOUT the race detector; install gcc or clang to have it" >&2
	$(GO_TEST) $(AT_ONCE) -shuffle=on -timeout 15m $(TESTFLAGS) $(PACKAGES)
else
	packages="$(RACING)"; [[ -z "$$packages" ]] || CGO_ENABLED=1 $(GO_TEST) $(AT_ONCE) $(RACE) -shuffle=on -timeout 15m $(TESTFLAGS) $$packages
	packages="$(PLAIN)"; [[ -z "$$packages" ]] || $(GO_TEST) -shuffle=on -timeout 15m $(TESTFLAGS) $$packages
endif

.PHONY: worlds
worlds: ## judge WORLDS random worlds whose truth is known, and as many mutants of recorded runs (10000; an hour on two cores)
	go test -count=1 -timeout 24h -run 'TestWorlds|Mutants|WhoAnswers' -v $(TESTFLAGS) ./virtual -worlds $(WORLDS) -mutants $(WORLDS) \
		| grep -vE '^ *(=== |--- (PASS|SKIP))'

.PHONY: verdicts
verdicts: ## take a real soak to each verdict, side by side, and judge every mutant a hundred times (three minutes)
	go test -run JudgingAgain $(TESTFLAGS) ./verify/judge -times 100
	go test -tags soak -count=1 -timeout 10m -parallel 4 -run 'Real|SetByHand' $(TESTFLAGS) ./cmd/secondwind

.PHONY: examples
examples: ## prove the services of scenarios/examples whose programs are installed, two side by side (eight minutes)
	go test -tags soak -count=1 -timeout 30m -parallel 2 -run ExamplesAreProved $(TESTFLAGS) ./cmd/secondwind

.PHONY: race
race: ## run the tests of `test` three times; fails where there is no C compiler
	CGO_ENABLED=1 go test $(AT_ONCE) $(RACE) -shuffle=on -count=3 -timeout 45m $(TESTFLAGS) $(PACKAGES)
	packages="$(PLAIN)"; [[ -z "$$packages" ]] || go test -shuffle=on -timeout 15m $(TESTFLAGS) $$packages

.PHONY: vet
vet: ## find suspicious code with go vet
	go vet $(PACKAGES)

.PHONY: fmt
fmt: ## show what gofmt would change; fails if there is anything
	@unformatted="$$(gofmt -l $$(find . -name '*.go' -not -path './.*' -not -path './bin/*'))"; \
	if [[ -n "$$unformatted" ]]; then gofmt -d $$unformatted; echo "fmt: run gofmt -w on: $$unformatted" >&2; exit 1; fi

.PHONY: lint
lint: ## find suspicious code with go vet and tools/lint: staticcheck, errors, enums, contexts, long lines
	go test -C tools/lint .
	go build -C tools/lint -o '$(CURDIR)/bin/lint' .
	@# The conformance test alone imports service/ec2, which takes minutes to compile.
	packages="$$(go list $(PACKAGES) | grep -v '/awsapi/conformance$$')"; export $(LINT_ENV); go vet $$packages; bin/lint $$packages
	@for module in tools/lint terraform/fakeprovider; do \
		echo "lint: $$module"; (cd "$$module" && go vet ./... && '$(CURDIR)/bin/lint' ./...); \
	done

.PHONY: cross
cross: ## compile for linux, darwin and windows on amd64 and arm64
	@for platform in $(PLATFORMS); do \
		echo "cross: $$platform"; \
		CGO_ENABLED=0 GOOS="$${platform%/*}" GOARCH="$${platform#*/}" go build ./...; \
	done

.PHONY: check
check: fmt vet cross test ## everything that must pass before a commit; CI runs lint too

.PHONY: soak
soak: build ## prove scaling on the local cloud (HOLD=8h SCENARIO=file.yaml)
	bin/secondwind soak $(if $(HOLD),--hold $(HOLD)) $(if $(SCENARIO),--file $(SCENARIO))

.PHONY: linux
linux: ## build the calculator for the instances, bin/linux-amd64 and bin/linux-arm64
	@for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch \
			go build -trimpath -tags nomsgpack -ldflags '$(LDFLAGS)' -o bin/linux-$$arch/calculator ./cmd/calculator; \
	done

.PHONY: image
image: ## carry out the Dockerfile without a container engine: both programs, static, alone in a root file system
	go test -count=1 -run Image -v $(TESTFLAGS) . -image

.PHONY: deploy
deploy: build linux ## build the stack in an AWS account; asks first (YES=1 does not; RUN=id)
	@terraform/deploy.sh

.PHONY: soak-aws
soak-aws: build ## prove scaling on the AWS account (HOLD=1h SCENARIO=file.yaml AUDIT=1)
	bin/secondwind soak --stack terraform $(if $(AUDIT),--audit) $(if $(HOLD),--hold $(HOLD)) $(if $(SCENARIO),--file $(SCENARIO))

.PHONY: destroy
destroy: build linux ## remove the stack from the AWS account and wait until nothing of it is left; asks first
	@terraform/destroy.sh

.PHONY: bench
bench: build ## hold the calculator against the original stack, a bare server and GMP, load against vegeta and others (BENCH='-only load')
	go run ./cmd/bench $(BENCH)

.PHONY: benchmarks
benchmarks: ## run every package's benchmarks
	go test -run '^$$' -bench . -benchmem $(TESTFLAGS) $(PACKAGES)

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME (default 10s) each
	@found=0; \
	for package in $$(go list $(PACKAGES)); do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "fuzz: $$package $$target"; found=$$((found + 1)); \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done; \
	echo "fuzz: $$found fuzz tests ran for $(FUZZTIME) each"; [[ $$found -gt 0 ]]

.PHONY: golden
golden: ## write the golden files anew; read the diff before you commit it
	@folders="$$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -r -n1 dirname | sort -u)"; \
	if [[ -z "$$folders" ]]; then echo "golden: no test has golden files"; exit 0; fi; \
	go test -count=1 $$folders -update

.PHONY: clean
clean: ## remove what was built (never the runs below reports/runs)
	rm -rf bin
