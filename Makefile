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
SANDBOX_TOOLS := $(addprefix $(BIN)/,etcd kube-apiserver kube-controller-manager kubectl cluster-api-manager cluster-api-components.yaml kubeadm-bootstrap-crds.yaml)
DEVELOPER_TOOLS := $(addprefix $(BIN)/,clusterctl controller-gen kustomize golangci-lint image gitops-health)

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
		CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w -X github.com/capaks/capaks/internal/cli.version=$(VERSION) -X main.version=$(VERSION)" -o $$program ./cmd/$${program#$(BIN)/}; \
	done

.PHONY: sandbox
sandbox: programs $(SANDBOX_TOOLS) ## Start a management plane with an emulated Azure here and create the example cluster in it. Ctrl-C ends it.
	@$(BIN)/capaks sandbox up $(addprefix -f ,$(wildcard examples/quickstart.yaml)) $(SANDBOX_FLAGS)

##@ Work on it

.PHONY: test
test: build verify-generated lint ## Everything CI checks: generated files, linters, all tests with a real API server. Builds every tool first, which takes long once.
	@if [ -n "$${CI:-}" ]; then $(MAKE) --no-print-directory browser || echo "no Chromium here: the tests of azuresim's page skip" >&2; fi
	@if [ -n "$${CI:-}" ]; then $(MAKE) --no-print-directory observability-tools || echo "no Prometheus here: the tests of alerts and dashboards skip" >&2; fi
	cd tools/armspec && $(GO) test ./...
	cd tools/image && $(GO) test ./...
	cd test/sdk && $(GO) test -parallel 8 ./... # stories that wait for emulated operations most of the time
	CAPAKS_REQUIRE_SANDBOX=1 $(GO) test -p 1 -timeout 30m ./...

.PHONY: browser
browser: ## Install headless Chromium from Debian's packages, for the tests of azuresim's page; they skip without it.
	@command -v chromium > /dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core; }

.PHONY: test-contract-older
test-contract-older: $(addprefix test-contract-,$(OLDER_CLUSTER_API)) ## The contract tests with older releases of Cluster API; test-contract-1.13 runs one of them.

test-contract-1.%: build $(BIN)/cluster-api-1.%/cluster-api-manager $(BIN)/cluster-api-1.%/cluster-api-components.yaml
	CAPAKS_REQUIRE_SANDBOX=1 CAPAKS_CLUSTER_API=$(CURDIR)/$(BIN)/cluster-api-1.$* $(GO) test -count=1 -v -timeout 20m ./test/contract

.PHONY: observability-tools
observability-tools: $(BIN)/kube-state-metrics $(BIN)/prometheus ## Build kube-state-metrics and take Prometheus out of its Debian package, for the tests of metrics, alerts and dashboards; they skip without them.

# Nothing is installed and no service starts: the package is only unpacked.
$(BIN)/prometheus:
	@mkdir -p $(BIN)/prometheus-package && cd $(BIN)/prometheus-package && { apt-get download prometheus || { apt-get update -q && apt-get download prometheus; }; }
	@dpkg-deb -x $(BIN)/prometheus-package/prometheus_*.deb $(BIN)/prometheus-package
	@mv $(BIN)/prometheus-package/usr/bin/promtool $(BIN)/prometheus-package/usr/bin/prometheus $(BIN)/ && touch $@ && rm -rf $(BIN)/prometheus-package

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

# In the series of metadata.yaml, and newer than every release of the provider that had the name before (docs/decisions/0026).
RELEASE ?= v2.0.0
# Where the nodes of a management cluster find the image. clusterctl needs the form host/path/name:tag.
IMAGE ?= localhost/capaks/manager:$(RELEASE)
REPOSITORY = $(abspath $(OUT)/release/infrastructure-azure/$(RELEASE))
.PHONY: release
release: $(BIN)/kustomize ## Write a clusterctl repository (components, metadata, templates) and a clusterctl.yaml that uses it to out/release/. RELEASE is its version, IMAGE the image in it; other versions there stay.
	@rm -rf $(REPOSITORY) && mkdir -p $(REPOSITORY)
	@$(BIN)/kustomize build config/default | sed 's|image: localhost/capaks/manager:.*|image: $(IMAGE)|' > $(REPOSITORY)/infrastructure-components.yaml
	@grep -q 'image: $(IMAGE)$$' $(REPOSITORY)/infrastructure-components.yaml
	@cp metadata.yaml templates/*.yaml $(REPOSITORY)/
	@printf 'providers:\n- name: azure\n  type: InfrastructureProvider\n  url: %s/infrastructure-components.yaml\n' $(REPOSITORY) > $(OUT)/release/clusterctl.yaml
	@echo "try: clusterctl generate cluster my-cluster --config $(OUT)/release/clusterctl.yaml --infrastructure azure:$(RELEASE) --flavor aks ..."

IMAGE_PLATFORMS ?= linux/amd64 linux/arm64
# The time in an image is that of the commit, so that whoever builds the same commit gets the same digest.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
.PHONY: image
image: $(BIN)/image ## Make the container image IMAGE for IMAGE_PLATFORMS, without a container engine: an OCI layout, tarballs for docker load, SBOMs in out/image/.
	@mkdir -p $(OUT)/image
	@binaries=(); for platform in $(IMAGE_PLATFORMS); do \
		binary=$(OUT)/image/manager-$${platform/\//-}; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=$(RELEASE)" -o $$binary ./cmd/manager; \
		binaries+=("--binary=$$platform=$$binary"); \
	done; \
	$(BIN)/image pack "$${binaries[@]}" --name=$(IMAGE) --version=$(RELEASE) --revision=$$(git rev-parse HEAD 2>/dev/null || echo unknown) --created=$(SOURCE_DATE_EPOCH) --out=$(OUT)/image

.PHONY: image-push
image-push: image ## Make the image and send it to the registry that IMAGE names, with the credentials of docker login.
	$(BIN)/image push --layout $(OUT)/image/oci $(IMAGE)

.PHONY: book
book: $(BIN)/hugo ## Write the book, docs/ as pages for a browser, to out/book/.
	$(BIN)/hugo --noBuildLock --quiet --panicOnWarning --cleanDestinationDir --source book --destination $(abspath $(OUT))/book
	@echo "out/book/index.html"

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
$(eval $(call tool,image,image,.))
$(BIN)/image: $(wildcard tools/image/*.go)
$(eval $(call tool,govulncheck,govulncheck,golang.org/x/vuln/cmd/govulncheck))
# Runs the health checks of examples/gitops for their test.
$(eval $(call tool,gitops-health,gitops-health,.))
$(BIN)/gitops-health: $(wildcard tools/gitops-health/*.go)
# Nothing but the book needs it, so it is no part of `make tools`.
$(eval $(call tool,hugo,hugo,github.com/gohugoio/hugo,, (about 2 minutes the first time)))

# kube-state-metrics is built with the Kubernetes libraries everything else is built with, which makes it a matter of seconds. They
# ask two more methods of a store, which a copy of the module gets.
$(eval $(call tool,kube-state-metrics,kube-state-metrics,k8s.io/kube-state-metrics/v2,,,-modfile=$(CURDIR)/$(BIN)/kube-state-metrics-source/tools.mod))
KUBE_STATE_METRICS_COPY := $(BIN)/kube-state-metrics-source
$(BIN)/kube-state-metrics: $(KUBE_STATE_METRICS_COPY)/tools.mod
$(KUBE_STATE_METRICS_COPY)/tools.mod: tools/kube-state-metrics/go.mod tools/kube-state-metrics/go.sum
	@rm -rf $(@D) && mkdir -p $(BIN)
	@module=$$(cd tools/kube-state-metrics && $(GO) mod download k8s.io/kube-state-metrics/v2 && $(GO) list -m -f '{{.Dir}}' k8s.io/kube-state-metrics/v2); \
		cp -R "$$module" $(@D) && chmod -R u+w $(@D)
	@printf 'package metricsstore\n\nfunc (*MetricsStore) Bookmark(string) {}\n\nfunc (*MetricsStore) LastStoreSyncResourceVersion() string { return "" }\n' > $(@D)/pkg/metrics_store/later.go
	@cp tools/kube-state-metrics/go.sum $(@D)/tools.sum && cp tools/kube-state-metrics/go.mod $@ && $(GO) mod edit -replace=k8s.io/kube-state-metrics/v2=$(CURDIR)/$(@D) $@

# Cluster API's webhook server has no flag for its address, and a sandbox listens on loopback only: its manager is built
# from a copy of the module in which one line of main is more.
CLUSTER_API_COPY := $(BIN)/cluster-api-source
$(BIN)/cluster-api-manager: $(CLUSTER_API_COPY)/tools.mod
$(CLUSTER_API_COPY)/tools.mod: tools/cluster-api/go.mod tools/cluster-api/go.sum
	$(call loopback_copy,cluster-api,core/main.go)
define loopback_copy
	@rm -rf $(@D) && mkdir -p $(dir $(@D))
	@module=$$(cd tools/$(1) && $(GO) mod download sigs.k8s.io/cluster-api && $(GO) list -m -f '{{.Dir}}' sigs.k8s.io/cluster-api); \
		cp -R "$$module" $(@D) && chmod -R u+w $(@D)
	@sed -i.orig 's/^\(\t*\)webhook.Options{$$/&\n\1\tHost: "127.0.0.1",/' $(@D)/$(2) && grep -q 'Host: "127.0.0.1"' $(@D)/$(2)
	@cp tools/$(1)/go.sum $(@D)/tools.sum && cp tools/$(1)/go.mod $@ && $(GO) mod edit -replace=sigs.k8s.io/cluster-api=$(CURDIR)/$(@D) $@
endef

# Cluster API's CRDs, webhooks and rights, built from the very module its manager is built from.
$(BIN)/cluster-api-components.yaml: tools/cluster-api/go.mod $(BIN)/kustomize
	@echo "building cluster-api-components.yaml"
	@module=$$(cd tools/cluster-api && $(GO) mod download sigs.k8s.io/cluster-api && $(GO) list -m -f '{{.Dir}}' sigs.k8s.io/cluster-api); \
		$(BIN)/kustomize build "$$module/core/config/default" > $@

# The kubeadm bootstrap provider's kinds from the same module: a ClusterClass needs a bootstrap template, even an empty one.
KUBEADM_CRDS := tools/cluster-api/kubeadm-bootstrap-crds
$(BIN)/kubeadm-bootstrap-crds.yaml: $(KUBEADM_CRDS)/kustomization.yaml $(CLUSTER_API_COPY)/tools.mod $(BIN)/kustomize
	@echo "building kubeadm-bootstrap-crds.yaml"
	@$(BIN)/kustomize build $(KUBEADM_CRDS) > $@

# Older releases of Cluster API's core, which only the contract tests run with: a module for each of them in tools/.
OLDER_CLUSTER_API := $(sort $(patsubst tools/cluster-api-%,%,$(wildcard tools/cluster-api-1.*)))
.PRECIOUS: $(BIN)/cluster-api-1.%/source/tools.mod
$(BIN)/cluster-api-1.%/source/tools.mod: tools/cluster-api-1.%/go.mod tools/cluster-api-1.%/go.sum
	$(call loopback_copy,cluster-api-1.$*,main.go)
$(BIN)/cluster-api-1.%/cluster-api-manager: $(BIN)/cluster-api-1.%/source/tools.mod
	@echo "building cluster-api-manager $(call module_version,cluster-api-1.$*,sigs.k8s.io/cluster-api) (about 2 minutes the first time) ..."
	@cd tools/cluster-api-1.$* && $(GO) build -trimpath -modfile=$(CURDIR)/$< -o $(CURDIR)/$@ \
		-ldflags="-s -w $(call version_flags,sigs.k8s.io/cluster-api/version,$(call module_version,cluster-api-1.$*,sigs.k8s.io/cluster-api))" sigs.k8s.io/cluster-api
$(BIN)/cluster-api-1.%/cluster-api-components.yaml: $(BIN)/cluster-api-1.%/source/tools.mod $(BIN)/kustomize
	@$(BIN)/kustomize build $(<D)/config/default > $@
