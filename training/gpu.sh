#!/bin/sh
# What a machine with one GPU is lent for: tests on the GPU, times, and training with rendering on
# the machine's cores.
#
#   sh training/gpu.sh OUT SECONDS [PART ...]
#
# PART: render (starts the rendering, which goes on after this script, until a train ends), test
# (test_on_gpu.py), bench (mem4d bench of both presets as CUDA graphs, which say what a step takes
# without), speed (a step of each stage), reconstruct (what RECONSTRUCT names, by mem4d reconstruct),
# train, which renders, too; all but reconstruct by default. Everything ends SECONDS after the start.
# In OUT, few files of at most 16 MiB: report.tar.gz (what the parts printed, bench_*.json, the
# training's log.jsonl and config.json) and the weights, those of each cycle too, in pieces:
# `cat OUT/weights.tar.* | tar x` joins them.
#
# From the environment:
#   CONFIG    training/lite_gpu.yaml
#   START     weights to start from, else the config's; where an earlier call has trained in RUN, its
#             run goes on, and this call's time is added to its own; CHANGES must then be the same
#   MESHES    folder of packed mesh scenes; without it only procedural scenes are rendered
#   RENDERERS processes that render on cores, by default one for each core but four
#   PROCEDURAL  fraction of procedural scenes among what they render (0.25)
#   GPU_RENDERERS  processes that render procedural scenes on the GPU (2); 0 for none
#   RECONSTRUCT  words for mem4d reconstruct: a recording and options
#   SEED      of the first rendered scene; by default the clock's
#   CHANGES   words for `mem4d train --set`, for example CHANGES='learning_rate=1e-3 warm_up=20'
#   RUN, SCENES  folders of the run (out/gpu/run) and of what is rendered (out/gpu/scenes)
#   SCENE     size of the rendered images, '288 216'
#   WHEELS    folder of wheels that the machine lacks (pytest, embreex and what they need)
#   DEVICE, PYTHON
set -eu
started=$(date +%s)
out=$1
seconds=$2
shift 2
[ $# -gt 0 ] || set -- render test bench speed train

CONFIG=${CONFIG:-training/lite_gpu.yaml}
RUN=${RUN:-out/gpu/run}
SCENES=${SCENES:-out/gpu/scenes}
RENDERERS=${RENDERERS:-$(($(nproc) > 4 ? $(nproc) - 4 : 1))}
GPU_RENDERERS=${GPU_RENDERERS:-2}
DEVICE=${DEVICE:-auto}
python=${PYTHON:-python3}
reserve=${RESERVE:-25}  # seconds for the last evaluation, saving and leaving
PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
mkdir -p "$out" "$RUN" "$SCENES"
target=$(cd "$out" && pwd)
out=$(mktemp -d)
if [ -n "${WHEELS:-}" ]; then
    site=$(mktemp -d)
    for wheel in "$WHEELS"/*.whl; do "$python" -m zipfile -e "$wheel" "$site"; done
    PYTHONPATH=$PYTHONPATH:$site
fi

# Seconds that earlier calls have trained in RUN.
trained() {
    [ -e "$RUN/run.safetensors" ] || { echo 0; return; }
    "$python" -c 'import sys; from pathlib import Path; from mem4d_ros.training import run_state
print(int(run_state.reached_by(Path(sys.argv[1])).seconds))' "$RUN/run.safetensors"
}

left() { echo $((seconds - reserve - $(date +%s) + started)); }
limit() { [ "$(left)" -lt "$1" ] && left || echo "$1"; }
mem4d() { "$python" -m mem4d_ros.cli.main "$@"; }

render() {
    seed=${SEED:-$((started % 400000))}
    OMP_NUM_THREADS=1 CUDA_VISIBLE_DEVICES= setsid "$python" -m mem4d_ros.training.data.rendering \
        --out "$SCENES" --processes "$RENDERERS" ${MESHES:+--meshes "$MESHES"} \
        --size ${SCENE:-288 216} --held-out "${HELD_OUT:-4}" --waiting 4000 \
        --procedural-share "${PROCEDURAL:-0.25}" --seed "$seed" > "$SCENES/rendering.txt" 2>&1 &
    echo $! > "$SCENES/renderers"
    [ "$GPU_RENDERERS" -gt 0 ] || return 0
    OMP_NUM_THREADS=1 setsid "$python" -m mem4d_ros.training.data.rendering \
        --out "$SCENES" --processes "$GPU_RENDERERS" --device cuda --size ${SCENE:-288 216} \
        --waiting 4000 --seed $((seed + 500000)) > "$SCENES/rendering_on_gpu.txt" 2>&1 &
    echo $! >> "$SCENES/renderers"
}

stop_rendering() {
    while read -r process; do kill "$process" 2>/dev/null || true; done < "$SCENES/renderers"
    cat "$SCENES"/rendering*.txt > "$out/rendering.txt"
    rm "$SCENES/renderers"
}

test_on_gpu() {
    if "$python" -c 'import pytest' 2>/dev/null; then
        timeout "$(limit 120)" "$python" -m pytest -q -p no:cacheprovider test/model/test_on_gpu.py \
            test/runtime/engines/test_on_gpu.py test/training/test_on_gpu.py \
            test/training/data/test_rendering.py > "$out/test.txt" 2>&1 || echo "tests failed: $out/test.txt"
        tail -n 3 "$out/test.txt"
    else
        echo "pytest is not there: no tests" | tee "$out/test.txt"
    fi
}

bench() {
    for preset in ${PRESETS:-lite large}; do
        for precision in ${PRECISIONS:-bf16 fp32}; do
            for engine in ${ENGINES:-cuda_graph}; do
                name=bench_${preset}_${precision}_$engine
                timeout "$(limit "${BENCH_LIMIT:-60}")" "$python" -m mem4d_ros.cli.main bench --preset $preset \
                    --device "$DEVICE" --precision $precision --engine $engine --frames 100 --json "$out/$name.json" \
                    > "$out/$name.txt" 2>&1 || echo "$name did not end: $(tail -n 1 "$out/$name.txt")"
                grep -hE '^(step|stages|work|device peak|attention|a step|no CUDA)' "$out/$name.txt" |
                    sed "s/^/$name /" || true
            done
        done
    done
}

speed() {
    timeout "$(limit 120)" "$python" -m mem4d_ros.training.step_speed --config "$CONFIG" --device "$DEVICE" \
        --set encoder=null \
        > "$out/speed.txt" 2>&1 || echo "speed did not end"
    cat "$out/speed.txt"
}

reconstruct() {
    timeout "$(limit "${RECONSTRUCT_LIMIT:-60}")" "$python" -m mem4d_ros.cli.main reconstruct $RECONSTRUCT \
        --device "$DEVICE" --out "$out/reconstruct" > "$out/reconstruct.txt" 2>&1 || echo "reconstruct failed"
    tail -n 5 "$out/reconstruct.txt"
    rm -rf "$out"/reconstruct/*/  # a picture for each frame: too much to bring back
    find "$out/reconstruct" -size +2M -delete || true
}

rendering_has_begun() {
    first=${MESHES:+mesh}
    until [ -n "$(find "$SCENES" -maxdepth 1 -name "${first:-procedural}-*.safetensors" | head -n 1)" ]; do
        kill -0 "$(head -n 1 "$SCENES/renderers")" 2>/dev/null ||
            { echo "nothing is rendered:" >&2; tail -n 3 "$SCENES/rendering.txt" >&2; return 1; }
        sleep 1
    done
}

train() {
    [ -e "$SCENES/renderers" ] || render
    trap stop_rendering EXIT
    rendering_has_begun || exit 1
    set --
    if [ -n "${START:-}" ] && [ ! -e "$RUN/run.safetensors" ]; then
        set -- --set encoder=null --set initial_checkpoint="$START"
    fi
    before=$(trained)
    for change in ${CHANGES:-}; do set -- "$@" --set "$change"; done
    mem4d train --config "$CONFIG" --out "$RUN" --device "$DEVICE" --set data.live.rendered="$SCENES" \
        --set seconds=$(($(left) + before)) "$@" > "$out/train.txt" 2>&1 || echo "training failed: $out/train.txt"
    tail -n 4 "$out/train.txt"
    cp "$RUN/log.jsonl" "$RUN/config.json" "$out/"
    (cd "$RUN" && sha256sum checkpoint.safetensors) > "$out/checkpoint.sha256"
    weights=$(cd "$RUN" && ls cycle_*.safetensors 2>/dev/null || true)
    cmp -s "$RUN/$(echo "$weights" | tail -n 1)" "$RUN/checkpoint.safetensors" ||
        weights="$weights checkpoint.safetensors"
    tar -C "$RUN" -c $weights | split -b 15m -d - "$target/weights.tar."
}

for part in "$@"; do
    case $part in
        test) test_on_gpu ;;
        render | bench | speed | reconstruct | train) $part ;;
        *) echo "unknown part $part" >&2; exit 2 ;;
    esac
    tar -czf "$target/report.tar.gz" -C "$out" .
    echo "$part ended after $(($(date +%s) - started)) s"
done
