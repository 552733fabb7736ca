# Everything is built from source with Go alone; nothing is downloaded but Go modules. `make help` lists the targets.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two Go builds at once only compete for the same processors: each of them uses all there are.
.NOTPARALLEL:

GO ?= go
BIN := bin
OUT := out

# The version that `capaks version` and the manager print. A checkout without tags is a development build.
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null || echo v0.0.0-dev)

# Versions of tools stand in their go.mod and nowhere else.
module_version = $(shell awk '$$1 == "$(2)" && $$2 ~ /^v/ { print $$2; exit }' tools/$(1)/go.mod)
KUBERNETES_VERSION := $(call module_version,kubernetes,k8s.io/kubernetes)
CLUSTER_API_VERSION := $(call module_version,cluster-api,sigs.k8s.io/cluster-api)

major = $(word 1,$(subst ., ,$(patsubst v%,%,$(1))))
minor = $(word 2,$(subst ., ,$(1)))
# Cluster API refuses a management cluster older than v1.20, which is what an unversioned build (v0.0.0) looks like.
version_flags = -X $(1).gitVersion=$(2) -X $(1).gitMajor=$(call major,$(2)) -X $(1).gitMinor=$(call minor,$(2)) -X $(1).gitTreeState=clean
KUBERNETES_FLAGS := $(call version_flags,k8s.io/component-base/version,$(KUBERNETES_VERSION)) \
	$(call version_flags,k8s.io/client-go/pkg/version,$(KUBERNETES_VERSION))
CLUSTER_API_FLAGS := $(call version_flags,sigs.k8s.io/cluster-api/version,$(CLUSTER_API_VERSION))

PROGRAMS := $(patsubst cmd/%/main.go,$(BIN)/%,$(wildcard cmd/*/main.go))
SANDBOX_TOOLS := $(addprefix $(BIN)/,etcd kube-apiserver kube-controller-manager kubectl cluster-api-manager cluster-api-components.yaml)
DEVELOPER_TOOLS := $(addprefix $(BIN)/,clusterctl controller-gen kustomize golangci-lint)

##@ Use

.PHONY: help
help: ## Print this list.
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: programs tools ## Build everything into bin/: our programs and the tools they run with. The first time takes a while.

.PHONY: programs
programs: ## Build only our own programs (capaks, manager, azuresim) into bin/.
	@mkdir -p $(BIN)
	@for program in $(PROGRAMS); do \
		$(GO) build -trimpath -ldflags="-s -w -X github.com/capaks/capaks/internal/cli.version=$(VERSION) -X main.version=$(VERSION)" -o $$program ./cmd/$${program#$(BIN)/}; \
	done

.PHONY: sandbox
sandbox: programs $(SANDBOX_TOOLS) ## Start a management plane with an emulated Azure here and create the example cluster in it. Ctrl-C ends it.
	@$(BIN)/capaks sandbox up $(addprefix -f ,$(wildcard examples/quickstart.yaml)) $(SANDBOX_FLAGS)

##@ Work on it

.PHONY: test
test: build verify-generated lint ## Everything CI checks: generated files, linters, all tests with a real API server. Builds every tool first, which takes long once.
	@if [ -n "$${CI:-}" ]; then $(MAKE) --no-print-directory browser || echo "no Chromium here: the tests of azuresim's page skip" >&2; fi
	cd tools/armspec && $(GO) test ./...
	cd test/sdk && $(GO) test -parallel 8 ./... # stories that wait for emulated operations most of the time
	CAPAKS_REQUIRE_SANDBOX=1 $(GO) test -p 1 -timeout 30m ./...

.PHONY: browser
browser: ## Install headless Chromium from Debian's packages, for the tests of azuresim's page; they skip without it.
	@command -v chromium > /dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core; }

.PHONY: test-unit
test-unit: ## The fast tests, without an API server.
	$(GO) test -short ./...

.PHONY: lint
lint: $(BIN)/golangci-lint ## Linters, vet and a check that go.mod is tidy.
	$(BIN)/golangci-lint run ./...
	$(GO) vet ./...
	$(GO) mod tidy -diff

.PHONY: bench
bench: build ## Measure: requests, reaction times and memory, as a table and as JSON in out/.
	@mkdir -p $(OUT)
	$(GO) run ./test/bench -bin $(BIN) -out $(OUT)/bench.json

.PHONY: bench-azuresim
bench-azuresim: ## Measure the emulator with 1,000 clusters, 5,000 pools and 10,000 nodes.
	$(GO) test ./azuresim -run '^$$' -bench '^BenchmarkSize$$' -benchtime 1x

# The series of metadata.yaml; clusterctl takes only versions it knows from there.
RELEASE ?= v0.1.0
REPOSITORY := $(OUT)/release/infrastructure-azure/$(RELEASE)
.PHONY: release
release: $(BIN)/kustomize ## Write a clusterctl repository (components, metadata, templates) and a clusterctl.yaml that uses it to out/release/.
	@rm -rf $(OUT)/release && mkdir -p $(REPOSITORY)
	$(BIN)/kustomize build config/default > $(REPOSITORY)/infrastructure-components.yaml
	@cp metadata.yaml templates/*.yaml $(REPOSITORY)/
	@printf 'providers:\n- name: azure\n  type: InfrastructureProvider\n  url: %s/infrastructure-components.yaml\n' $(CURDIR)/$(REPOSITORY) > $(OUT)/release/clusterctl.yaml
	@echo "try: clusterctl generate cluster my-cluster --config $(OUT)/release/clusterctl.yaml --infrastructure azure:$(RELEASE) --flavor aks ..."

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## Format all Go files.
	$(BIN)/golangci-lint fmt ./...

# What `make generate` writes. Everything else in these directories is written by hand.
GENERATED := $(wildcard api config docs/reference)

.PHONY: generate
generate: $(BIN)/controller-gen ## Write what is derived from the API types and markers: deepcopy, CRDs, webhooks, RBAC, reference documentation.
	$(BIN)/controller-gen object crd paths=./api/... output:crd:dir=config/crd/bases
	$(if $(wildcard internal/webhook),$(BIN)/controller-gen webhook paths=./internal/webhook/... output:webhook:dir=config/webhook)
	$(if $(wildcard internal/controller),$(BIN)/controller-gen rbac:roleName=manager-role paths=./internal/controller/... paths=./internal/webhook/... output:rbac:dir=config/rbac)
	@for generator in $(wildcard internal/armfield/crdgen internal/armfield/docgen); do echo "go run ./$$generator"; $(GO) run ./$$generator; done

.PHONY: verify-generated
verify-generated: $(BIN)/controller-gen ## Fail if `make generate` changes anything.
	@before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; \
	for dir in $(GENERATED); do mkdir -p "$$before/$$(dirname $$dir)"; cp -R $$dir "$$before/$$dir"; done; \
	$(MAKE) --no-print-directory generate; \
	changed=0; for dir in $(GENERATED); do diff -ru "$$before/$$dir" $$dir || changed=1; done; \
	if [ $$changed = 1 ]; then echo "generated files were out of date; they are written now: look at them and commit them" >&2; exit 1; fi

.PHONY: vulncheck
vulncheck: $(BIN)/govulncheck ## Compare what we call with the Go vulnerability database (needs vuln.go.dev).
	$(BIN)/govulncheck ./...

.PHONY: clean
clean: ## Remove everything that was built. The Go build cache stays, so the next build is faster than the first.
	rm -rf $(BIN) $(OUT)

##@ Tools

.PHONY: tools
tools: $(SANDBOX_TOOLS) $(DEVELOPER_TOOLS) ## Build the tools of tools/ into bin/: etcd, Kubernetes, Cluster API, generators, linters.

# tool: name, module in tools/, package, linker flags, remark, build flags. Rebuilt when the module's requirements change.
define tool
$(BIN)/$(1): tools/$(2)/go.mod tools/$(2)/go.sum
	@echo "building $(1)$(5) ..."
	@mkdir -p $(BIN)
	@began=$$$$SECONDS; cd tools/$(2) && $(GO) build -trimpath $(6) -ldflags="-s -w $(4)" -o $(CURDIR)/$$@ $(3) && touch $(CURDIR)/$$@ && \
		echo "built $(1) in $$$$((SECONDS - began)) s"
endef
$(eval $(call tool,etcd,etcd,go.etcd.io/etcd/server/v3,, (about a minute the first time)))
$(eval $(call tool,kube-apiserver,kubernetes,k8s.io/kubernetes/cmd/kube-apiserver,$(KUBERNETES_FLAGS), (about 5 minutes the first time)))
$(eval $(call tool,kube-controller-manager,kubernetes,k8s.io/kubernetes/cmd/kube-controller-manager,$(KUBERNETES_FLAGS)))
$(eval $(call tool,kubectl,kubernetes,k8s.io/kubernetes/cmd/kubectl,$(KUBERNETES_FLAGS)))
$(eval $(call tool,cluster-api-manager,cluster-api,sigs.k8s.io/cluster-api/core,$(CLUSTER_API_FLAGS), (about 2 minutes the first time),-modfile=$(CURDIR)/$(BIN)/cluster-api-source/tools.mod))
$(eval $(call tool,clusterctl,cluster-api,sigs.k8s.io/cluster-api/cmd/clusterctl,$(CLUSTER_API_FLAGS)))
$(eval $(call tool,controller-gen,controller-gen,sigs.k8s.io/controller-tools/cmd/controller-gen))
$(eval $(call tool,kustomize,kustomize,sigs.k8s.io/kustomize/kustomize/v5))
$(eval $(call tool,golangci-lint,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,, (about 2 minutes the first time)))
$(eval $(call tool,govulncheck,govulncheck,golang.org/x/vuln/cmd/govulncheck))

# Cluster API's webhook server has no flag for its address, and a sandbox listens on loopback only: its manager is built
# from a copy of the module in which one line of main is more.
CLUSTER_API_COPY := $(BIN)/cluster-api-source
$(BIN)/cluster-api-manager: $(CLUSTER_API_COPY)/tools.mod
$(CLUSTER_API_COPY)/tools.mod: tools/cluster-api/go.mod tools/cluster-api/go.sum
	@rm -rf $(@D) && mkdir -p $(BIN)
	@module=$$(cd tools/cluster-api && $(GO) mod download sigs.k8s.io/cluster-api && $(GO) list -m -f '{{.Dir}}' sigs.k8s.io/cluster-api); \
		cp -R "$$module" $(@D) && chmod -R u+w $(@D)
	@sed -i.orig 's/^\(\t*\)webhook.Options{$$/&\n\1\tHost: "127.0.0.1",/' $(@D)/core/main.go && grep -q 'Host: "127.0.0.1"' $(@D)/core/main.go
	@cp tools/cluster-api/go.sum $(@D)/tools.sum && cp tools/cluster-api/go.mod $@ && $(GO) mod edit -replace=sigs.k8s.io/cluster-api=$(CURDIR)/$(@D) $@

# Cluster API's CRDs, webhooks and rights, built from the very module its manager is built from.
$(BIN)/cluster-api-components.yaml: tools/cluster-api/go.mod $(BIN)/kustomize
	@echo "building cluster-api-components.yaml"
	@module=$$(cd tools/cluster-api && $(GO) mod download sigs.k8s.io/cluster-api && $(GO) list -m -f '{{.Dir}}' sigs.k8s.io/cluster-api); \
		$(BIN)/kustomize build "$$module/core/config/default" > $@
