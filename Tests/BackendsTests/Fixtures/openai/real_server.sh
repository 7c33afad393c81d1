#!/usr/bin/env bash
# Starts a real OpenAI-compatible server on the CPU and has responses written by it.
#
#     real_server.sh MODEL_DIRECTORY [COMMAND…]
#
# The server is `transformers serve` of transformers 5 on a free port of the loopback. COMMAND runs
# with OVEN_OPENAI_BASE_URL and OVEN_OPENAI_MODEL set, for example
#
#     real_server.sh ../models/tiny swift test -c release --filter RealServerTests
#
# Without a COMMAND, `oven generate` ($OVEN, else .build/release/oven) writes a small dataset in a
# temporary directory: the model is baked, and the service that answers runs the same model.
#
# Needs a Python ($PYTHON, else python3) with torch, transformers, fastapi and uvicorn
# (`pip install torch "transformers[serving]"`); without them it says so and exits 0. It is no part of
# the automatic checks.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -f "$1/config.json" ]; then
    echo "usage: real_server.sh MODEL_DIRECTORY [COMMAND…]" >&2
    exit 2
fi
model=$(cd "$1" && pwd)
shift
python=${PYTHON:-python3}

if ! why=$("$python" -c 'import torch, transformers, fastapi, uvicorn
assert int(transformers.__version__.split(".")[0]) >= 5, "transformers 5 or newer"' 2>&1); then
    echo "skipped: $python cannot serve: ${why##*$'\n'}"
    exit 0
fi

port=$("$python" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
work=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

HF_HUB_OFFLINE=1 "$python" -c "from transformers.cli.transformers import main; main()" serve --host 127.0.0.1 --port "$port" \
    --device cpu >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
    if curl -fs -m 2 "http://127.0.0.1:$port/health" >/dev/null; then break; fi
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 1
done
if ! curl -fs -m 5 "http://127.0.0.1:$port/health" >/dev/null; then
    echo "the server did not start:" >&2
    tail -20 "$work/server.log" >&2
    exit 1
fi

export OVEN_OPENAI_BASE_URL="http://127.0.0.1:$port/v1" OVEN_OPENAI_MODEL="$model"
if [ $# -gt 0 ]; then
    "$@"
    exit
fi

oven=$(cd "$(dirname "${OVEN:-.build/release/oven}")" && pwd)/oven
cd "$work"
printf 'You are a pirate.\n' >prompt.md
cat >queries.yaml <<'YAML'
groups:
  - name: Small
    train: ["What is rain?", ["Hello!", "Tell me more."]]
    dev: ["What is snow?"]
    test: ["What is fog?"]
YAML
cat >oven.yaml <<YAML
model: $model
queries: queries.yaml
temperatures: [0.7, 1.0]
max-response-tokens: 48
services:
  real: {kind: openai, base-url: "$OVEN_OPENAI_BASE_URL", model: "$model"}
YAML
"$oven" generate --generator real
rows=$(cat runs/*/dataset.jsonl | "$python" -c 'import json, sys
rows = {row["id"]: row for row in map(json.loads, sys.stdin)}
for row in rows.values():
    print(row["temperature"], row["messages"][-1]["content"].replace("\n", " ")[:90], file=sys.stderr)
assert all(row["generator"].split(":")[0] == "real" and row["tokens"] for row in rows.values())
print(len(rows))')
echo "$rows rows"
[ "$rows" = 7 ]
