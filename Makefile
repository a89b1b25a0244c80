# Plaudit. `make` alone prints the menu.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup build model train-model demo study test run-tests check install size clean bench \
  bench-quick bench-inference bench-tokenizer bench-training bench-kpi bench-experiments \
  bench-tests bench-resampling bench-bandits

# The version is the header's.
macro = $(shell awk '/^.define/ && $$2 == "PLAUDIT_$(1)" { print $$3 }' include/plaudit.h)
MAJOR := $(call macro,VERSION_MAJOR)
MINOR := $(call macro,VERSION_MINOR)
VERSION := $(MAJOR).$(MINOR).$(call macro,VERSION_PATCH)
SONAME := libplaudit.so.$(call macro,ABI_VERSION)
LIBRARY := libplaudit.so.$(VERSION)

PREFIX := /usr/local
DESTDIR :=
MODEL := brand-sentiment
PYTHON := .venv/bin/python
STEP := scripts/step

# The library as shipped: the Swift runtime inside, plaudit_* outside, never unloaded.
SHIPPED := -c release --product plaudit --scratch-path .build-release -Xswiftc -static-stdlib \
  -Xlinker -z -Xlinker defs -Xlinker -z -Xlinker nodelete -Xlinker -soname=$(SONAME) \
  -Xlinker --version-script=$(CURDIR)/scripts/plaudit.map
# What the gate asks for on top: no warning, no import that Package.swift does not declare.
ifdef STRICT
STRICT_FLAGS := -Xswiftc -warnings-as-errors -Xcc -Wall -Xcc -Wextra -Xcc -Werror \
  --explicit-target-dependency-import-check error
endif

# Tests and examples run without the default model until its folder is there.
DEFAULT_MODEL := $(if $(wildcard models/brand-sentiment/model.safetensors),model)
# For the tests and examples: where the library and its model are.
export PLAUDIT_LIBRARY := $(CURDIR)/out/lib/libplaudit.so
export PLAUDIT_MODEL := $(CURDIR)/out/models/$(MODEL)

help:
	@echo 'Plaudit $(VERSION)'
	@echo
	@echo '  make demo      set up, build, and print a brand report'
	@echo '  make test      every test and every example'
	@echo '  make study     train and compare the models of the studies (AGAIN=1: anew), docs/study.md'
	@echo '  make check     the gate: lint, strict build, contract, tree, make test'
	@echo
	@echo '  make setup     system and Python packages, when absent'
	@echo '  make build     the library and its headers, into out/'
	@echo '  make model     the default model, into out/models/; SOURCES=folder trains it anew'
	@echo '  make install   headers, library, model; PREFIX=$(PREFIX) DESTDIR='
	@echo '  make bench     everything beside its peers, in one run each (downloads 4 GB once); one of them:'
	@echo '                 bench-inference, -tokenizer, -training, -kpi, -experiments, -tests,'
	@echo '                 -resampling, -bandits'
	@echo '  make bench-quick  scoring and tokenizing alone, without peers: two minutes'
	@echo '  make size      lines per module, longest files'
	@echo '  make clean     remove what was built'
	@echo
	@echo 'V=1 shows all output; else it goes to out/log/.'

setup:
	@scripts/setup

build: setup
	@$(STEP) build 'Building the library' '' swift build $(SHIPPED) $(STRICT_FLAGS)
	@install -d out/lib out/include out/licenses
	@install -m 644 LICENSE $$(ls .deps/licenses/*) out/licenses/
	@install -m 644 include/plaudit.h $(wildcard bindings/cpp/plaudit.hpp) out/include/
	@strip --strip-unneeded -o out/lib/$(LIBRARY) .build-release/release/libplaudit.so
	@ln -sfn $(LIBRARY) out/lib/$(SONAME)
	@ln -sfn $(SONAME) out/lib/libplaudit.so

# SOURCES is a folder with the data that scripts/default_model.py --list names, WITHOUT sources to
# leave out, TRAINING further options of the script, such as --resume.
model: setup $(if $(SOURCES),train-model)
	@$(STEP) model 'Copying the default model' '' scripts/assemble-model out/models/$(MODEL)

train-model: $(if $(wildcard out/lib/$(LIBRARY)),setup,build)
	@$(STEP) train-model 'Training the default model (follow it in out/log/train-model.log)' \
	  '^(epoch |compared )|bytes;' $(PYTHON) scripts/default_model.py '$(SOURCES)' \
	  $(if $(WITHOUT),--without '$(WITHOUT)') $(TRAINING)

demo: build model
	@$(PYTHON) examples/python/brand_report.py

# About forty minutes; what out/study has already is kept.
study: build
	@$(PYTHON) scripts/study.py $(if $(AGAIN),--again)

test: build $(DEFAULT_MODEL)
	@$(MAKE) run-tests

run-tests:
	@$(STEP) swift-test 'Testing the Swift modules' 'Test run with|Executed [1-9]' \
	  swift test --scratch-path .build $(STRICT_FLAGS)
	@PLAUDIT_KERNELS=portable $(STEP) swift-test-portable 'Testing them on the portable kernels' \
	  'Test run with|Executed [1-9]' swift test --scratch-path .build $(STRICT_FLAGS) \
	  --skip-build --filter 'PlauditNeuralTests|PlauditTensorTests'
	@$(STEP) c-test 'Testing the library from C' ' passed, ' Tests/abi/run
	@$(STEP) cpp-test 'Testing the C++ binding' ' passed, ' scripts/run-tests bindings/cpp/tests
	@$(STEP) python-test 'Testing the Python binding' ' (passed|skipped)' \
	  $(PYTHON) -m pytest -q bindings/python/tests
	@if [ -x examples/run ]; then \
	  $(STEP) examples 'Running the examples' ' passed, ' examples/run; \
	else echo '- No examples/run yet'; fi

check:
	@scripts/setup
	@$(STEP) tree 'Checking the tree' '' python3 scripts/check-tree
	@$(STEP) lint 'Checking the format' '' \
	  swift format lint --strict --parallel --recursive Sources Tests Package.swift
	@$(MAKE) build STRICT=1
	@$(STEP) abi 'Checking the contract' '^(max|needs)' $(PYTHON) scripts/check-abi
	@$(MAKE) $(DEFAULT_MODEL) run-tests STRICT=1
	@echo '- All checks passed'

# Installs what was built, so that `sudo make install` builds nothing as root. MODEL= leaves the
# default model out.
ROOT = $(DESTDIR)$(PREFIX)
install:
	@[ -f out/lib/$(LIBRARY) ] || $(MAKE) build
	@[ -z '$(MODEL)' ] || [ -f out/models/$(MODEL)/config.json ] || $(MAKE) model
	@install -d $(ROOT)/include $(ROOT)/lib/pkgconfig $(ROOT)/lib/cmake/plaudit \
	  $(ROOT)/share/plaudit/models $(ROOT)/share/doc/plaudit
	@install -m 644 out/licenses/* $(ROOT)/share/doc/plaudit/
	@install -m 644 out/include/plaudit.h out/include/plaudit.hpp $(ROOT)/include/
	@install -m 755 out/lib/$(LIBRARY) $(ROOT)/lib/
	@ln -sfn $(LIBRARY) $(ROOT)/lib/$(SONAME)
	@ln -sfn $(SONAME) $(ROOT)/lib/libplaudit.so
	@$(call fill,plaudit.pc,$(ROOT)/lib/pkgconfig)
	@$(call fill,plaudit-config.cmake,$(ROOT)/lib/cmake/plaudit)
	@$(call fill,plaudit-config-version.cmake,$(ROOT)/lib/cmake/plaudit)
	@[ -z '$(MODEL)' ] || { rm -rf $(ROOT)/share/plaudit/models/$(MODEL) && \
	  cp -R out/models/$(MODEL) $(ROOT)/share/plaudit/models/ && \
	  rm -f $(ROOT)/share/plaudit/models/$(MODEL)/.assembled && \
	  chmod -R u=rwX,go=rX $(ROOT)/share/plaudit/models/$(MODEL); }
	@echo '- Installed Plaudit $(VERSION) in $(ROOT)'

fill = sed -e 's/@VERSION@/$(VERSION)/' -e 's/@MAJOR@/$(MAJOR)/' -e 's/@MINOR@/$(MINOR)/' \
  -e 's/@LIBRARY@/$(LIBRARY)/' -e 's/@SONAME@/$(SONAME)/' cmake/$(1).in >$(2)/$(1) \
  && chmod 644 $(2)/$(1)

# The peers of the benchmarks live in a venv of their own, in the versions of
# Benchmarks/requirements.txt; each benchmark brings only those it needs.
PEER := .venv-bench/bin/python
peers = { [ -x $(PEER) ] || python3 -m venv .venv-bench; } && \
  $(PEER) -m pip -q install $$(grep -E '^($(1))=' Benchmarks/requirements.txt)

bench: bench-inference bench-tokenizer bench-training bench-kpi bench-experiments bench-tests \
  bench-resampling bench-bandits

bench-quick: build model
	@$(PYTHON) Benchmarks/inference.py --quick
	@$(PYTHON) Benchmarks/tokenizer.py --quick

bench-inference: build
	@$(call peers,numpy|torch|transformers|onnx|onnxruntime|openvino|ctranslate2)
	@$(PYTHON) Benchmarks/inference.py --peer $(PEER)

bench-tokenizer: build
	@$(call peers,numpy|tokenizers|nanotoken)
	@$(PYTHON) Benchmarks/tokenizer.py --peer $(PEER)

bench-training: build
	@$(call peers,numpy|torch|transformers)
	@$(PYTHON) Benchmarks/training.py --peer $(PEER)

bench-kpi: build
	@$(call peers,numpy|duckdb|pandas|polars|pyarrow)
	@$(PYTHON) Benchmarks/kpi_table.py --peer $(PEER)

bench-experiments: build
	@$(call peers,numpy|scipy|statsmodels)
	@$(PYTHON) Benchmarks/experiments.py --peer $(PEER)

bench-tests: build
	@$(call peers,numpy|scipy|statsmodels)
	@PYTHONPATH=bindings/python/src $(PEER) Benchmarks/tests.py

bench-resampling: build
	@$(call peers,numpy|scipy|pyarrow)
	@$(PEER) Benchmarks/resampling.py

bench-bandits: build
	@$(call peers,mabwiser)
	@$(PYTHON) Benchmarks/bandits.py --peer $(PEER)

size:
	@scripts/size

clean:
	rm -rf .build .build-release out
