#!/bin/sh
# What training/gpu.sh needs on a machine without a network, packed small into the folder $1:
# recordings, mesh scenes, wheels that the machine lacks, and weights to start from.
#
#   DATA=../shared/data PYTHON_VERSION=3.12 PACKAGES='embreex pytest' sh training/gpu_luggage.sh out/luggage
#
# There: START=$1/start.safetensors MESHES=$1/meshes WHEELS=$1/wheels \
#     CHANGES="data.live.recordings=$1/recordings" sh training/gpu.sh …
set -eu
to=$1
data=${DATA:-../shared/data}
python=${PYTHON:-python3}
mkdir -p "$to/wheels"
"$python" -m mem4d_ros.training.data.packed "$data"/train/*/ --out "$to/recordings"
[ -d "$to/meshes" ] || "$python" -m mem4d_ros.synthetic.meshes.pack "$data/meshes" "$to/meshes"
"$python" -m pip download -q --only-binary :all: --no-deps --python-version "${PYTHON_VERSION:-3.12}" \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 -d "$to/wheels" \
    ${PACKAGES:-embreex}
"$python" - "$to/start.safetensors" <<'PYTHON'
import sys

import torch

from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.initial_model import initial_model

config = TrainingConfig.load("training/lite_gpu.yaml")
save_checkpoint(sys.argv[1], initial_model(config), dtype=torch.float16)
PYTHON
du -sh "$to"/*
