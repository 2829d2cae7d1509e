# Milepost's commands. `make help` lists them; CI calls the same ones.
MILEPOST := python3 bin/milepost
TOOLS := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run stop status logs reset test lint format types bench bench-edge bench-dispatch docs lock package rehearse plan apply

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set up what is missing, start everything, print where to look
	@$(MILEPOST) run

stop: ## stop every process; the data stays
	@$(MILEPOST) stop

status: ## what runs, and whether it is healthy
	@$(MILEPOST) status

logs: ## follow the logs; make logs p=web for one process
	@$(MILEPOST) logs $(p)

reset: ## stop, and delete all data and settings (asks first)
	@$(MILEPOST) reset

test: ## install what tests need, then lint, types, imports and all tests
	@$(MILEPOST) test

lint: ## style, import contracts, house rules
	@$(MILEPOST) check lint

types: ## mypy, strict
	@$(MILEPOST) check types

format: ## rewrite the code in the house's style
	@$(TOOLS)/ruff check --fix-only . && $(TOOLS)/ruff format .

bench: ## measure this machine: posts a second, fixes a second, time to the browser
	@$(MILEPOST) bench

bench-edge: ## the edge at length: posts, consumer, floods, growth, cold start, package; 10 minutes and more
	@$(MILEPOST) bench -- edge --seconds 60

bench-dispatch: ## our optimiser beside PyVRP, VROOM and OR-Tools, and a tenth of a whole day; an hour and more
	@$(MILEPOST) bench -- dispatch day customers --seconds 20

docs: ## every link in the documents leads somewhere
	@$(MILEPOST) check docs

lock: ## resolve the packages anew and write the lock files
	@$(MILEPOST) lock

package: ## build the edge's Lambda packages, print their sizes and contents; STAGE=dev
	@$(MILEPOST) cloud package $(STAGE)

rehearse: ## lint the cloud's templates, deploy all of it to an emulator here, read it back
	@$(MILEPOST) cloud rehearse

plan: ## what a deployment to AWS would add, change, remove; STAGE=dev
	@$(MILEPOST) cloud plan $(STAGE)

apply: ## deploy to AWS what plan shows; STAGE=dev, ALLOW_REMOVAL=1 to let data go
	@$(MILEPOST) cloud apply $(STAGE)
