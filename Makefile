# The embedded ROS and the usual tasks; `make help` lists them.
# With a ROS distribution sourced, build with `colcon build` instead (see README.md).

PYTHON ?= python3
SOURCE ?=
RATE ?=
VIEW ?=
OUT ?= out/demo
KITCHEN ?=
PYTEST_ARGS ?=

# Each process of pytest has a ROS domain, and one thread, of its own.
PYTEST := OMP_NUM_THREADS=1 .venv/bin/pytest
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadgroup
NOT_FAST := ros launch embedded packaging bench

VENV := $(CURDIR)/.venv
REQUIREMENTS := $(addprefix requirements/,base.txt training.txt datasets.txt engines.txt evaluation.txt viewer.txt embedded-ros.txt dev.txt docs.txt)
EMBEDDED_STAMP := .venv/.embedded-ros
OVERLAY_STAMP := .venv/.overlay
OVERLAY_LIST := .venv/.overlay-files

# All that is installed. Python files are linked into .venv, so only their coming and going matters.
OVERLAY_FILES := $(sort CMakeLists.txt package.xml \
	$(shell find config embedded launch mem4d_ros msg scripts srv -type f -not -name '*.pyc'))

.PHONY: help setup demo test test-fast test-slow lint format generate pictures docs clean
.DELETE_ON_ERROR:

help:  ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
	@echo 'Variables: PYTHON=python3.11; for demo SOURCE=<folder of images or video> OUT=<folder> RATE=<Hz>'
	@echo 'VIEW=1 (in the browser, until Ctrl-C);'
	@echo 'for test PYTEST_ARGS="-k name".'

# A sourced ROS distribution takes precedence; mixed with its packages .venv would break.
SOURCED_ROS := $(filter-out $(VENV),$(subst :, ,$(AMENT_PREFIX_PATH)))
ifeq ($(SOURCED_ROS),)
setup: $(OVERLAY_STAMP)  ## make .venv: the embedded ROS with this package built into it
else
setup:
	@echo 'mem4d_ros: ROS 2 $(ROS_DISTRO) is sourced ($(firstword $(SOURCED_ROS))) and takes precedence over the embedded ROS.' >&2
	@echo 'With it:    pip install safetensors; colcon build; . install/setup.sh; ros2 launch mem4d_ros mem4d.launch.py' >&2
	@echo 'Without it: run make in a shell where no ROS was sourced.' >&2
	@exit 1
endif

demo: setup  ## run an image source, the node and a listener over DDS; pictures to out/demo
	@.venv/bin/python -m mem4d_ros.ros.demo --out '$(OUT)' \
		$(if $(SOURCE),--source '$(SOURCE)') $(if $(RATE),--rate '$(RATE)') $(if $(VIEW),--view)

test: setup  ## run the tests that are not slow
	@$(PYTEST) $(PARALLEL) -m 'not slow' $(PYTEST_ARGS)

test-fast: setup  ## run the tests without ROS, packaging and the longest
	@$(PYTEST) $(PARALLEL) -m 'not slow and not long' $(addprefix --ignore=test/,$(NOT_FAST)) $(PYTEST_ARGS)

test-slow: setup  ## run the slow tests, one after the other
	@$(PYTEST) -m slow $(PYTEST_ARGS)

lint: setup  ## check style, types and the layers
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

format: setup  ## mend what ruff can mend, and format
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

generate: setup  ## write tables, config/mem4d.yaml, the SROS 2 policy and shell completion from the code
	@.venv/bin/python scripts/generate.py

pictures: setup  ## make the pictures of README and docs anew, by their commands; KITCHEN=<red kitchen of 7-Scenes>
	@.venv/bin/python scripts/pictures.py $(if $(KITCHEN),--kitchen '$(KITCHEN)')

docs: setup  ## build the documentation site into out/site; warnings are errors
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet

clean:  ## remove all that was made
	rm -rf .venv build install log out

# Without its stamp an environment is half made, and is started anew; with it, changes are added.
$(EMBEDDED_STAMP): $(REQUIREMENTS) embedded/adapt_wheels.py
	@sh embedded/check_prerequisites.sh '$(PYTHON)'
	@[ -e $@ ] || '$(PYTHON)' -m venv --clear .venv
	.venv/bin/python -m pip install $(addprefix -r ,$(REQUIREMENTS))
	@.venv/bin/python embedded/adapt_wheels.py
	@touch $@

$(OVERLAY_LIST): $(EMBEDDED_STAMP) FORCE
	@printf '%s\n' $(OVERLAY_FILES) | cmp -s - $@ || printf '%s\n' $(OVERLAY_FILES) > $@

$(OVERLAY_STAMP): $(EMBEDDED_STAMP) $(OVERLAY_LIST) $(filter-out mem4d_ros/%,$(OVERLAY_FILES))
	sh embedded/build_overlay.sh '$(VENV)'
	@touch $@

.PHONY: FORCE
