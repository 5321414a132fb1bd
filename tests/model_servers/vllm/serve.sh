#!/bin/sh
# serve.sh FOLDER PORT [more vllm arguments]: makes what is missing in FOLDER (6 GB of packages, a tiny model), and serves the model on
# 127.0.0.1:PORT with a real vLLM on the processor, in the foreground.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
port=$2
shift 2
tokenizer=${XDG_CACHE_HOME:-$HOME/.cache}/leyden/vocabularies/qwen3.json # Of tests/reference/vocabularies.py.
mkdir -p "$folder"
if [ ! -e "$folder/complete" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/python" -m pip install --quiet --no-deps -r "$here/requirements.txt"
  touch "$folder/complete"
fi
"$folder/venv/bin/python" "$here/make_model.py" "$tokenizer" "$folder/model"
export VLLM_CPU_KVCACHE_SPACE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1
export OMP_NUM_THREADS=1 VLLM_CPU_OMP_THREADS_BIND=nobind
export HF_HOME="$folder/hf" VLLM_CACHE_ROOT="$folder/cache" VLLM_CONFIG_ROOT="$folder/cache"
exec "$folder/venv/bin/python" "$here/vllm_cli.py" serve "$folder/model" --served-model-name tiny --host 127.0.0.1 --port "$port" \
  --enforce-eager --dtype float32 --max-model-len 2048 --max-num-seqs 8 --enable-prompt-tokens-details --enable-prefix-caching "$@"
