# Rolecall. `make help` lists the targets; each installs what it needs or says what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUNCTIONS := $(notdir $(wildcard functions/*))
WASM := cargo build --locked --profile component --target wasm32-wasip2 $(addprefix -p ,$(FUNCTIONS))
COMPONENTS := $(patsubst %,target/wasm32-wasip2/component/%.wasm,$(subst -,_,$(FUNCTIONS)))
HOST := target/release/rolecall
# How long the first `make build` takes on two processors.
FIRST_BUILD := 12 minutes
# Of all packages together: Cargo builds a dependency once for each set of features, and the packages by themselves have other
# ones. What runs without the runner, where nothing else is built, is built by itself.
BUILD := cargo build --locked --release --workspace
# Most tests wait for a server, so more of them run at once than there are processors.
TEST := RUST_TEST_THREADS=4 cargo test --locked --release --workspace
# The newest PostgreSQL server on this machine.
PG_BIN_DIR ?= $(shell ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1)
export PG_BIN_DIR

# With RUNTIME=spin, `make run`, `make test` and `make bench` use Spin: the program on the PATH, or SPIN=path.
SPIN ?= spin
ON_SPIN = RUNTIME=spin SPIN="$$(realpath "$$(command -v "$(SPIN)")")"

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

# ---- prerequisites ------------------------------------------------------------------------------------

.PHONY: need-rust
need-rust:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup (https://rustup.rs)." >&2; exit 1; }
	@command -v cc >/dev/null || { $(call apt,gcc libc6-dev); }
	@rustc --print target-libdir --target wasm32-wasip2 2>/dev/null | xargs -r test -d \
	  || { command -v rustup >/dev/null && rustup target add wasm32-wasip2; } \
	  || { echo "The Rust target wasm32-wasip2 is missing: run 'rustup target add wasm32-wasip2'." >&2; exit 1; }

.PHONY: need-postgres
need-postgres:
	@if ! command -v postgres >/dev/null && [ -z "$(PG_BIN_DIR)" ]; then $(call apt,postgresql); fi

.PHONY: need-pgtap
need-pgtap: need-postgres
	@bin=$$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1); \
	version=$$(basename "$$(dirname "$${bin:-/usr/lib/postgresql/15/bin}")"); \
	if ! command -v pg_prove >/dev/null || [ ! -e "/usr/share/postgresql/$$version/extension/pgtap.control" ]; then \
	  $(call apt,postgresql-$$version-pgtap libtap-parser-sourcehandler-pgtap-perl); \
	fi

.PHONY: need-nats
need-nats:
	@# Debian has it in a folder that is not on the PATH of users.
	@PATH="$$PATH:/usr/sbin" command -v nats-server >/dev/null || { $(call apt,nats-server); }

.PHONY: need-prometheus
need-prometheus:
	@command -v prometheus >/dev/null && command -v promtool >/dev/null && command -v prometheus-alertmanager >/dev/null \
	  || { $(call apt,prometheus prometheus-alertmanager); }

.PHONY: need-spin
need-spin:
	@command -v "$(SPIN)" >/dev/null || { \
	  echo "Spin is missing: put spin (4.1 or newer, https://spinframework.dev) on the PATH, or name it by SPIN=path." >&2; exit 1; }
	@"$(SPIN)" --version | grep -qE '^spin (4\.[1-9]|[5-9]|[1-9][0-9])' || { \
	  echo "Spin 4.1 or newer is needed; $(SPIN) is $$("$(SPIN)" --version)." >&2; exit 1; }

.PHONY: need-node
need-node:
	@command -v npm >/dev/null || { $(call apt,nodejs npm); }

.PHONY: need-curl
need-curl:
	@command -v curl >/dev/null || { $(call apt,curl); }

.PHONY: need-chromium
need-chromium:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { $(call apt,chromium); }

# Installs Debian packages when it may, and otherwise says which are missing.
apt = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
	  else echo "Missing: install $(1) (Debian package names)." >&2; exit 1; fi

# Installs a folder's npm packages, unless those of its lock file are there.
packages = cd $(1) && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund; }

# ---- the main job ----------------------------------------------------------------------------------------------

.PHONY: build
build: need-rust ## Build the functions (WebAssembly) and the runner
	@# Printed before the first, long build only.
	@ls $(HOST) $(COMPONENTS) >/dev/null 2>&1 \
	  || echo "Building the functions and the runner with its WebAssembly engine. The first build takes about $(FIRST_BUILD) on two processors."
	$(WASM)
	$(BUILD) --bin rolecall
	@# Compiled in advance, so that the first start is as fast as later ones.
	$(HOST) compile

.PHONY: client
client: need-node ## Build the TypeScript client
	@# Its script `prepare` builds it, as it does for whoever installs the folder.
	cd clients/typescript && npm ci --silent --no-audit --no-fund

.PHONY: client-runtimes
client-runtimes: need-node ## Install Bun and Deno, on which the TypeScript client is tested (200 MB)
	@$(call packages,clients/typescript/test/runtimes)

.PHONY: api-tools
api-tools: need-node ## Install what checks the Postman collection (newman) and the OpenAPI document (Redocly, Spectral)
	@$(call packages,tests/api)

.PHONY: phone-numbers
phone-numbers: need-node ## Install what makes phone numbers of every region for the test of redaction (google-libphonenumber)
	@$(call packages,tests/phone)

.PHONY: deploy-tools
deploy-tools: need-node ## Install what checks the manifests and CI examples (ajv)
	@$(call packages,tests/deploy)

.PHONY: carrier-tools
carrier-tools: need-node ## Install the carrier's own library (twilio), with which signatures are compared
	@$(call packages,tests/carrier)

.PHONY: webhook-tools
webhook-tools: need-node ## Install the library of Standard Webhooks, which judges what the relay posts
	@$(call packages,tests/webhooks)

.PHONY: schemathesis
schemathesis: target/schemathesis/installed ## Install Schemathesis, which makes up requests from the OpenAPI document (95 MB)
target/schemathesis/installed: tests/api/requirements.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { $(call apt,python3-venv); }
	python3 -m venv target/schemathesis
	target/schemathesis/bin/pip install --quiet --disable-pip-version-check -r tests/api/requirements.txt
	touch $@

.PHONY: supabase-cli
supabase-cli: need-node ## Install Supabase's CLI in the newest version that is tested (142 MB, Linux on x64)
	@if [ "$$(uname -sm)" = "Linux x86_64" ]; then \
	  cd tests/supabase && npm ci --silent --no-audit --no-fund --omit=dev; \
	else echo "Supabase's CLI is tested on Linux on x64 only; its test is skipped here."; fi

.PHONY: run
run: build $(if $(filter spin,$(RUNTIME)),need-spin) ## Serve the functions over a real PostgreSQL (embedded, or DATABASE_URL; RUNTIME=spin for Spin)
ifeq ($(RUNTIME),spin)
	@[ -n "$${SPIN_VARIABLE_DATABASE_URL:-}" ] || grep -qsE '^(export )?SPIN_VARIABLE_DATABASE_URL=' .env \
	  || { echo "Set SPIN_VARIABLE_DATABASE_URL to the login of rolecall_edge, and SPIN_VARIABLE_JWT_SECRET." >&2; exit 1; }
	"$(SPIN)" up --listen 127.0.0.1:3000 $(ARGS)
else
	@[ -n "$${DATABASE_URL:-}" ] || grep -qsE '^(export )?DATABASE_URL=' .env || $(MAKE) --no-print-directory need-postgres
	@$(MAKE) --no-print-directory need-nats 2>/dev/null \
	  || echo "nats-server is missing and cannot be installed here, so realtime is off (Debian package: nats-server)."
	@exec $(HOST) up $(ARGS)
endif

.PHONY: demo
demo: build need-postgres ## Walk through the flows of a marketplace, two phones that hear at once, an agency that texts and a rollout with a fault, over HTTP, and check each answer (uses a running `make run`, if any)
	@# Without NATS the demo says so, and shows sync alone.
	@$(MAKE) --no-print-directory need-nats 2>/dev/null || true
	$(BUILD) --bin rolecall-demo
	@target/release/rolecall-demo

# ---- the database ----------------------------------------------------------------------------------------------

# The migrations by the runner, which is built already, as a rule: then Cargo finds nothing to compile. Without it by
# themselves, which needs no WebAssembly engine.
MIGRATE = $(if $(wildcard $(HOST)),$(BUILD) -q --bin rolecall && exec $(HOST) migrate,exec cargo run --locked --release -q -p rolecall-database --bin rolecall-migrate --)

.PHONY: migrate
migrate: need-rust ## Apply the migrations that DATABASE_URL does not have yet
	@$(MIGRATE) up

.PHONY: rollback
rollback: need-rust ## Take back the last migration of DATABASE_URL, or all after TO=N; asks first, unless YES=1
	@$(MIGRATE) down $(if $(TO),--to $(TO)) $(if $(YES),--yes)

.PHONY: adopt
adopt: need-rust ## Keep DATABASE_URL's Rolecall in step with your app's own tables, as MAPPING=adopt.toml says (docs/install.md)
	@$(MIGRATE) adopt $(if $(MAPPING),--mapping $(MAPPING))

.PHONY: unadopt
unadopt: need-rust ## Take `make adopt` back; all rows stay
	@$(MIGRATE) unadopt

# ---- deployment ------------------------------------------------------------------------------------------------

# The options are variables, in the environment or on make's command line: IMAGE, LISTEN, URL, ... docs/deploy.md lists them.
DEPLOY = cargo run --locked --release -q -p rolecall-deploy --

.PHONY: wasm
wasm: need-rust
	$(WASM)

.PHONY: deploy
deploy: $(if $(filter local,$(TARGET)),build,wasm) ## Bring this build to TARGET=local|spin|spinkube in steps that stop at the first failure; DRY_RUN=1 only looks
	@$(DEPLOY) deploy

.PHONY: undeploy
undeploy: need-rust ## Take the last deploy back, and keep what was written since; DRY_RUN=1 only looks
	@$(DEPLOY) undeploy

.PHONY: deploys
deploys: need-rust ## List the deploys
	@$(DEPLOY) history

# `make rollout` tells how start-conversation stands; FLAG=... another feature. What changes one wants a REASON:
#   make rollout ROLLBACK=start-conversation REASON='Offers are lost.'           the way back, at once
#   make rollout ADVANCE=start-conversation REASON='As planned.' [FORCE=1]
#   make rollout SET=start-conversation ROLLOUT=percentage:25 REASON='A half step.'
export REASON
ROLLOUT_ARGS = $(strip $(if $(ROLLBACK),rollback '$(ROLLBACK)',$(if $(ADVANCE),advance '$(ADVANCE)' $(if $(FORCE),--force),\
  $(if $(SET)$(ROLLOUT),set '$(or $(SET),$(FLAG),start-conversation)' '$(ROLLOUT)',status $(if $(FLAG),'$(FLAG)')))))
# As it stands, unless it is not built: at night nothing is to be compiled first.
ROLLOUT_BY = $(if $(wildcard $(HOST)),exec $(HOST) rollout,exec cargo run --locked --release -q -p rolecall-database --bin rolecall-migrate -- rollout)

.PHONY: rollout
rollout: $(if $(wildcard $(HOST)),,need-rust) ## Show a rollout (FLAG=...), or ADVANCE=, SET= or ROLLBACK= a flag with a REASON=
	@$(ROLLOUT_BY) $(ROLLOUT_ARGS) $${REASON:+--reason "$$REASON"} $(ARGS)

# ---- the gate --------------------------------------------------------------------------------------------------

.PHONY: test
ifeq ($(RUNTIME),spin)
test: test-spin
else
test: build client client-runtimes api-tools carrier-tools webhook-tools phone-numbers deploy-tools schemathesis supabase-cli need-chromium need-curl need-nats need-prometheus need-pgtap ## Run every test: pure, SQL (pgTAP), the runner, and end to end over HTTP on a real PostgreSQL
	@# The end-to-end tests note there which documented answers they have seen, and what would have been pushed; start with
	@# empty lists.
	rm -rf target/tmp/openapi target/tmp/pushed
	$(TEST)
	target/release/rolecall-openapi-coverage
	target/release/rolecall-pushed
	@# What several instances could disagree on: keys, limits, flags, repeated requests, order, and every race.
	ROLECALL_INSTANCES=4 $(TEST) --test e2e -- \
	  http::keys http::identity calls:: messages:: conversations:: concurrency::

endif

.PHONY: soak
soak: build need-nats need-postgres ## Kill relay, NATS and runner every few seconds for ten minutes under load; devices must have what was committed
	ROLECALL_SOAK_SECONDS=600 $(TEST) --test e2e -- robustness::soak

.PHONY: test-spin
test-spin: build client client-runtimes api-tools carrier-tools webhook-tools phone-numbers schemathesis need-chromium need-curl need-nats need-prometheus need-spin ## Run the end-to-end tests on Spin (as `make test RUNTIME=spin`), without those of the runner itself
	$(ON_SPIN) $(TEST) --test e2e -- --skip runner::

.PHONY: test-instances
test-instances: build client client-runtimes api-tools carrier-tools webhook-tools phone-numbers schemathesis need-chromium need-curl need-nats need-prometheus ## Run all end-to-end tests with four instances of each component
	ROLECALL_INSTANCES=4 $(TEST) --test e2e

.PHONY: test-supabase
test-supabase: need-rust need-postgres need-node ## Push the migrations with every version of Supabase's CLI that is tested (660 MB, Linux on x64)
	cd tests/supabase && npm ci --silent --no-audit --no-fund
	SUPABASE_VERSIONS="$$(ls -d tests/supabase/node_modules/supabase-* | sed 's/.*supabase-//' | sort -V | xargs)" \
	  cargo test --locked --release -p rolecall-database --test supabase -- --nocapture

.PHONY: test-postgres-versions
test-postgres-versions: need-rust need-node ## Install, use and take out on PostgreSQL 15, 16, 17 and 18, brought by npm (240 MB, Linux on x64)
	cd tests/postgres && npm ci --silent --no-audit --no-fund
	for version in 15 16 17 18; do \
	  export PG_BIN_DIR="$$PWD/tests/postgres/node_modules/postgres-$$version/native/bin"; \
	  "$$PG_BIN_DIR/postgres" --version && \
	  cargo run --locked --release -q -p rolecall-compile -- check && \
	  cargo test --locked --release -q -p rolecall-database --test install --test catalogue || exit 1; \
	done

.PHONY: lint-api
lint-api: api-tools ## Check the OpenAPI document with Redocly and Spectral
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  || { echo "Redocly needs Node 20.19 or newer; this is $$(node --version)." >&2; exit 1; }
	cd tests/api && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
	  node_modules/.bin/redocly lint ../../docs/openapi.yaml --config redocly.yaml
	cd tests/api && node_modules/.bin/spectral lint ../../docs/openapi.yaml --ruleset spectral.yaml --fail-severity hint

.PHONY: lint-deploy
lint-deploy: deploy-tools ## Check the manifests of SpinKube and the CI examples with ajv
	node tests/deploy/check.mjs

.PHONY: lint
lint: need-rust need-postgres lint-api lint-deploy ## Check format, lints, generated files, and that the migrations create what the schema tree describes
	cargo fmt --all --check
	@# In the profile of everything else, so that build scripts and procedural macros are built once.
	cargo clippy --locked --release --workspace --all-targets -- -D warnings
	cargo clippy --locked --profile component --target wasm32-wasip2 -p rolecall-shared $(addprefix -p ,$(FUNCTIONS)) -- -D warnings
	$(BUILD) -q --bin rolecall-generate --bin rolecall-compile
	target/release/rolecall-generate --check
	target/release/rolecall-compile check

.PHONY: generate
generate: need-rust ## Write the files derived from the matrix and the error catalogue
	$(BUILD) -q --bin rolecall-generate
	target/release/rolecall-generate

.PHONY: migration
migration: need-rust need-postgres ## Compile migrations/schema and next.sql into the migration NAME, with its rollback
	@[ -n "$(NAME)" ] || { echo "Say NAME=..., that of the new migration or of the newest that is not released." >&2; exit 1; }
	$(BUILD) -q --bin rolecall-compile
	target/release/rolecall-compile migration $(NAME)

.PHONY: seal
seal: need-rust ## Write the checksums of all migrations: from then on none of them may change
	$(BUILD) -q --bin rolecall-compile
	target/release/rolecall-compile seal

# ---- figures ---------------------------------------------------------------------------------------------------

.PHONY: screenshots
screenshots: build need-postgres need-chromium ## Take the pictures of the page for the README (docs/page*.png) in headless Chromium
	@# A typeface that is made for screens; without it the pictures show the system's.
	@[ -d /usr/share/fonts/opentype/inter ] || { $(call apt,fonts-inter); } || true
	$(BUILD) -q --bin rolecall-screenshots
	target/release/rolecall-screenshots

.PHONY: bench
bench: build need-postgres $(if $(filter spin,$(RUNTIME)),need-spin) ## Measure send-dm over HTTP against pgbench calling the same SQL, and with 1 to 5,000 connections
	cargo build --locked --profile component --target wasm32-wasip2 -q -p rolecall-bench-filter
	$(BUILD) -q --bin rolecall-bench
	$(if $(filter spin,$(RUNTIME)),$(ON_SPIN)) target/release/rolecall-bench $(ARGS)

.PHONY: bench-realtime
bench-realtime: build need-postgres need-nats ## Measure what it takes from send-dm over HTTP to 2,000 sockets, and a broadcast to 500
	$(BUILD) -q --bin rolecall-bench-realtime --bin rolecall-bench-sockets
	target/release/rolecall-bench-realtime $(ARGS)

.PHONY: bench-sockets
bench-sockets: ## Hold 49,800 sockets over three NATS servers of this machine, and reach every one
	@$(MAKE) --no-print-directory bench-realtime ARGS="--nodes 3 --sockets 49800 --audience 49800 --broadcasts 2 --rate 500"

.PHONY: load
load: build need-postgres ## Measure the marketplace: 5,000 clients for five minutes, and the highest rate that still holds
	$(BUILD) -q --bin rolecall-load
	target/release/rolecall-load $(ARGS)

.PHONY: peers
peers: need-rust need-node
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Node 20 or newer is needed." >&2; exit 1; }
	cd tests/bench/peers && npm ci --silent --no-audit --no-fund
	cargo build --locked --release -q --manifest-path tests/bench/peers/axum/Cargo.toml --target-dir target/peers

.PHONY: bench-peers
bench-peers: build peers need-postgres ## Measure send-dm beside Bun, axum, Node and Deno; writes docs/performance.*
	$(BUILD) -q --bin rolecall-bench-peers
	target/release/rolecall-bench-peers $(ARGS)
