# Milepost's commands. `make help` lists them; CI calls the same ones.
MILEPOST := python3 bin/milepost
TOOLS := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run stop status logs reset test lint format types bench docs lock

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

docs: ## every link in the documents leads somewhere
	@$(MILEPOST) check docs

lock: ## resolve the packages anew and write the lock files
	@$(MILEPOST) lock
