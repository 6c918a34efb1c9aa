# Every job here first installs what it lacks (scripts/setup.sh), so a second run installs nothing.
.DEFAULT_GOAL := help
.PHONY: help play page test conformance clients simulate fuzz tidy bench bench-profiles pictures first-view

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

play: page ## build the page and serve it on this machine
	@node scripts/serve.js

page: ## build the page into dist/
	@scripts/setup.sh page
	@scripts/build.sh

test: ## run every check and every test, the page in a browser included
	@scripts/setup.sh page browser oracle clients
	@scripts/test.sh

conformance: ## do the same faults to a real Kafka and to Highwater, and compare (CASES="name name" for some)
	@scripts/setup.sh oracle
	@. scripts/env.sh && cargo test --quiet --locked --test conformance -- $(CASES)

clients: ## run real clients (kafka-go, kcat, Java, Python, JavaScript) against the bridge (CLIENTS="kcat java" for some)
	@scripts/setup.sh clients
	@. scripts/env.sh && node tests/clients/run.js $(CLIENTS)

simulate: ## run random worlds with random faults and check Kafka's rules (SEEDS=1000 FROM=1, or SEED=n to repeat one)
	@. scripts/env.sh && cargo run --release --quiet -- simulate $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000) --from $(or $(FROM),1))

fuzz: ## feed decoders and parsers with damaged input for a while (SECONDS_EACH=300; FUZZ_SEED=n to begin there)
	@. scripts/env.sh && FUZZ_SECONDS=$(or $(SECONDS_EACH),300) cargo test --release --quiet --test fuzz

tidy: ## run the style rules alone (seconds)
	@. scripts/env.sh && cargo test --quiet --test tidy

bench: ## print the figures of the budget: weight, speed, checkpoints
	@scripts/setup.sh page browser
	@scripts/build.sh
	@scripts/bench.sh

bench-profiles: ## build the page at opt-level z, s and 3, and print weight against speed (slow)
	@scripts/setup.sh page browser
	@scripts/bench_profiles.sh

pictures: page ## take the pictures of docs/ anew
	@scripts/setup.sh browser
	@node scripts/pictures.js

first-view: page ## record anew what the page's first view runs, and build the page by that
	@scripts/setup.sh browser
	@node scripts/first_view.js
	@scripts/build.sh
