# Names of verbs only; what they do lives in toolchain/. `make help` lists them.
STACK ?= $(if $(filter promote,$(MAKECMDGOALS)),$(TO),$(if $(filter rehearse%,$(MAKECMDGOALS)),rehearsal,dev))
# As they were typed: make would expand a dollar sign in them.
override ARGS := $(value ARGS)
override NAME := $(value NAME)
export STACK ARGS CONFIRM FROM TO NAME SERVICE POLICY FAULT REPORT PLAN \
  PLATFORM TEMPLATE TTL REGION ACCOUNT COST DOMAIN

verbs := new-stack state-bucket up preview drift cost policy promote rollback history down destroy sweep ps logs psql migrate migration-status migrate-revert migrate-revert-all migrate-redo \
  migration-plan migration-trial migration-rehearse migration-verify migration-create migration-renumber migration seed rebuild-db \
  rehearse rehearse-down emulator-up emulator-ps emulator-down \
  doctor env unlock setup test bench lint help

.PHONY: $(verbs)
.DEFAULT_GOAL := help
$(verbs):
	@toolchain/run $@
