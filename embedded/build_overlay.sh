#!/bin/sh
# Usage: build_overlay.sh VENV
# Builds the stand-ins and this package into the virtual environment VENV (an absolute path), which
# holds the ROS wheels. Files are linked, not copied: an edit of a Python file needs no new build.
set -eu

VENV=$1
OVERLAY=$VENV/overlay
export VIRTUAL_ENV="$VENV" PATH="$VENV/bin:$PATH" AMENT_PREFIX_PATH="$VENV" CMAKE_PREFIX_PATH="$VENV"

# A stand-in gives way to a wheel of the same package, whose files are no links.
STAND_INS=
for PACKAGE in embedded/*/package.xml; do
    INSTALLED=$VENV/share/$(basename "$(dirname "$PACKAGE")")/package.xml
    if [ -L "$INSTALLED" ] || [ ! -e "$INSTALLED" ]; then
        STAND_INS="$STAND_INS $(dirname "$PACKAGE")"
    fi
done

mkdir -p "$OVERLAY"
# colcon writes it at the end, and warns of a prefix without one at the beginning.
[ -e "$VENV/local_setup.sh" ] || : > "$VENV/local_setup.sh"
# shellcheck disable=SC2086  # a list of folders
colcon --log-base "$OVERLAY/log" build --base-paths . $STAND_INS \
    --build-base "$OVERLAY/build" --install-base "$VENV" --merge-install --symlink-install \
    --event-handlers desktop_notification- \
    --cmake-args -DPython3_EXECUTABLE="$VENV/bin/python" -DBUILD_TESTING=OFF

# Links to files that were renamed or removed.
find "$VENV"/lib/python3.*/site-packages/mem4d_ros "$VENV/share/mem4d_ros" -xtype l -delete
