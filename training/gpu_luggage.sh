#!/bin/sh
# What training/gpu.sh needs on a machine without a network, packed small into the folder $1:
# recordings, mesh scenes, and the wheels of pytest and embreex.
#
#   DATA=../shared/data PYTHON_VERSION=3.12 sh training/gpu_luggage.sh out/luggage
#
# There: MESHES=$1/meshes WHEELS=$1/wheels CHANGES="data.live.recordings=$1/recordings" sh training/gpu.sh …
set -eu
to=$1
data=${DATA:-../shared/data}
python=${PYTHON:-python3}
mkdir -p "$to/wheels"
"$python" -m mem4d_ros.training.data.packed "$data"/train/*/ --out "$to/recordings"
[ -d "$to/meshes" ] || "$python" -m mem4d_ros.synthetic.meshes.pack "$data/meshes" "$to/meshes"
"$python" -m pip download -q --only-binary :all: --no-deps --python-version "${PYTHON_VERSION:-3.12}" \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 -d "$to/wheels" \
    pytest pluggy iniconfig packaging pygments 'embreex>=4.4,<5'
du -sh "$to"/*
