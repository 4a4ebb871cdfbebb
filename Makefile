# The embedded ROS and the usual tasks; `make help` lists them.
# With a ROS distribution sourced, build with `colcon build` instead (see README.md).

PYTHON ?= python3
SOURCE ?=
RATE ?=
OUT ?= out/demo
PYTEST_ARGS ?=

VENV := $(CURDIR)/.venv
REQUIREMENTS := requirements/base.txt requirements/embedded-ros.txt requirements/dev.txt
EMBEDDED_STAMP := .venv/.embedded-ros
OVERLAY_STAMP := .venv/.overlay
OVERLAY_LIST := .venv/.overlay-files

# All that is installed. Python files are linked into .venv, so only their coming and going matters.
OVERLAY_FILES := $(sort CMakeLists.txt package.xml \
	$(shell find config embedded launch mem4d_ros msg scripts -type f -not -name '*.pyc'))

.PHONY: help setup demo test test-slow lint clean
.DELETE_ON_ERROR:

help:  ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
	@echo 'Variables: PYTHON=python3.11; for demo SOURCE=<folder of images or video> OUT=<folder> RATE=<Hz>;'
	@echo 'for test PYTEST_ARGS="-k name".'

setup: $(OVERLAY_STAMP)  ## make .venv: the embedded ROS with this package built into it

demo: setup  ## run an image source, the node and a listener over DDS; pictures to out/demo
	@.venv/bin/python -m mem4d_ros.ros.demo --out '$(OUT)' \
		$(if $(SOURCE),--source '$(SOURCE)') $(if $(RATE),--rate '$(RATE)')

test: setup  ## run the tests that are not slow
	@.venv/bin/pytest -m 'not slow' $(PYTEST_ARGS)

test-slow: setup  ## run the slow tests
	@.venv/bin/pytest -m slow $(PYTEST_ARGS)

lint: setup  ## check style, types and the layers
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

clean:  ## remove all that was made
	rm -rf .venv build install log out

# A sourced ROS distribution takes precedence: its packages would mix with those in .venv.
SOURCED_ROS := $(filter-out $(VENV),$(subst :, ,$(AMENT_PREFIX_PATH)))
ifneq ($(SOURCED_ROS),)
define SOURCED_ROS_MESSAGE
mem4d_ros: ROS 2 $(ROS_DISTRO) is sourced ($(firstword $(SOURCED_ROS))), so make leaves its own embedded ROS alone.
Use that ROS:       rosdep install --from-paths . --ignore-src && pip install safetensors
                    colcon build && . install/setup.sh
                    ros2 launch mem4d_ros mem4d.launch.py, or python3 -m mem4d_ros.ros.demo, or python3 -m pytest
Or the embedded:    run make in a shell in which no ROS was sourced
endef
setup: refuse-sourced-ros
$(EMBEDDED_STAMP) $(OVERLAY_STAMP): | refuse-sourced-ros
.PHONY: refuse-sourced-ros
refuse-sourced-ros:
	$(error $(SOURCED_ROS_MESSAGE))
endif

# Without its stamp an environment is half made: start anew. With it, only the changes are installed.
$(EMBEDDED_STAMP): $(REQUIREMENTS) embedded/adapt_wheels.py
	@sh embedded/check_prerequisites.sh '$(PYTHON)'
	@[ -e $@ ] || '$(PYTHON)' -m venv --clear .venv
	@rm -f $@
	.venv/bin/python -m pip install --quiet $(addprefix -r ,$(REQUIREMENTS))
	@.venv/bin/python embedded/adapt_wheels.py
	@touch $@

$(OVERLAY_LIST): $(EMBEDDED_STAMP) FORCE
	@printf '%s\n' $(OVERLAY_FILES) | cmp -s - $@ || printf '%s\n' $(OVERLAY_FILES) > $@

$(OVERLAY_STAMP): $(OVERLAY_LIST) $(filter-out mem4d_ros/%,$(OVERLAY_FILES))
	sh embedded/build_overlay.sh '$(VENV)'
	@touch $@

.PHONY: FORCE
