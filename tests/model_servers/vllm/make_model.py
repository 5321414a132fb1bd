#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a tiny Qwen2-architecture model with random weights in Hugging Face
format, with a real tokenizer, so that a real model server can be run in tests.

  make_model.py TOKENIZER_JSON OUT_DIR [--seed N]

TOKENIZER_JSON is a Qwen2.5 or Qwen3 tokenizer.json. The model has as many rows
as that has IDs: the padding of the published models would be generated as often
as any other token.
Same input and seed: same bytes. Needs numpy and safetensors.
"""
import argparse
import json
import pathlib
import shutil

import numpy as np
from safetensors.numpy import save_file

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FFN = 64, 2, 2, 1, 32, 128
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def weights(seed, vocabulary):
    rng = np.random.Generator(np.random.PCG64(seed))

    def normal(*shape, std=0.05):
        return (rng.standard_normal(shape, dtype=np.float32) * np.float32(std))

    out = {
        "model.embed_tokens.weight": normal(vocabulary, HIDDEN, std=1.0),
        "lm_head.weight": normal(vocabulary, HIDDEN, std=0.5),
        "model.norm.weight": np.ones(HIDDEN, np.float32),
    }
    for i in range(LAYERS):
        p = f"model.layers.{i}."
        for name, rows in (("q", HEADS), ("k", KV_HEADS), ("v", KV_HEADS)):
            out[f"{p}self_attn.{name}_proj.weight"] = normal(rows * HEAD_DIM, HIDDEN, std=0.2)
            out[f"{p}self_attn.{name}_proj.bias"] = normal(rows * HEAD_DIM)
        out[p + "self_attn.o_proj.weight"] = normal(HIDDEN, HEADS * HEAD_DIM, std=0.2)
        out[p + "mlp.gate_proj.weight"] = normal(FFN, HIDDEN, std=0.2)
        out[p + "mlp.up_proj.weight"] = normal(FFN, HIDDEN, std=0.2)
        out[p + "mlp.down_proj.weight"] = normal(HIDDEN, FFN, std=0.2)
        out[p + "input_layernorm.weight"] = np.ones(HIDDEN, np.float32)
        out[p + "post_attention_layernorm.weight"] = np.ones(HIDDEN, np.float32)
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("tokenizer", type=pathlib.Path)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--seed", type=int, default=1)
    args = ap.parse_args()

    tok = json.loads(args.tokenizer.read_text(encoding="utf-8"))
    added = {t["content"]: t for t in tok["added_tokens"]}
    eos, pad = added["<|im_end|>"]["id"], added["<|endoftext|>"]["id"]

    vocabulary = 1 + max([*tok["model"]["vocab"].values(), *(t["id"] for t in tok["added_tokens"])])

    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, obj):
        (args.out / name).write_text(json.dumps(obj, indent=2) + "\n", encoding="utf-8")

    shutil.copyfile(args.tokenizer, args.out / "tokenizer.json")
    write("config.json", {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "dtype": "float32",
        "hidden_size": HIDDEN, "intermediate_size": FFN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM,
        "vocab_size": vocabulary, "max_position_embeddings": 4096, "rope_theta": 10000.0,
        "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": False,
        "attention_dropout": 0.0, "use_sliding_window": False, "initializer_range": 0.02,
        "bos_token_id": pad, "eos_token_id": eos, "use_cache": True, "transformers_version": "5.19.0",
    })
    # No sampling defaults here: a server must not add top_k or top_p by itself.
    write("generation_config.json", {"eos_token_id": [eos, pad], "pad_token_id": pad})
    write("tokenizer_config.json", {
        "tokenizer_class": "Qwen2Tokenizer", "model_max_length": 4096,
        "bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
        "unk_token": None, "add_bos_token": False, "add_prefix_space": False,
        "clean_up_tokenization_spaces": False, "errors": "replace", "split_special_tokens": False,
        "added_tokens_decoder": {
            str(t["id"]): {k: t[k] for k in ("content", "lstrip", "normalized", "rstrip",
                                             "single_word", "special")}
            for t in tok["added_tokens"]},
        "chat_template": CHAT_TEMPLATE,
    })
    save_file(weights(args.seed, vocabulary), str(args.out / "model.safetensors"), metadata={"format": "pt"})


if __name__ == "__main__":
    main()
