#!/usr/bin/env bash
# How OpenMP's threads should wait: a step of `lite` alone, and beside another of its kind.
# 300000 spins are GNU OpenMP's own default; 1000 are what the node and the command ask for.
# Usage: bench/openmp_waiting.sh [mem4d]     (the command, if it is not on the PATH)
set -euo pipefail
mem4d=${1:-mem4d}

step() { timeout 120 env "$@" "$mem4d" bench --preset lite --device cpu --frames 10 --json - |
    sed -n 's/.*"median_s": \([0-9.]*\).*/\1/p'; }

printf '%-28s %10s %10s\n' 'setting' 'alone, s' 'beside, s'
for setting in GOMP_SPINCOUNT=300000 GOMP_SPINCOUNT=10000 GOMP_SPINCOUNT=1000 OMP_WAIT_POLICY=PASSIVE; do
    alone=$(step "$setting")
    step "$setting" >/dev/null &
    beside=$(step "$setting" || echo '> 120 s')
    wait || true
    printf '%-28s %10s %10s\n' "$setting" "$alone" "$beside"
done
