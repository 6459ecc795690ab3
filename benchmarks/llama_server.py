"""llama.cpp's server on a port, with a folder's model: python -m benchmarks.llama_server --port 18080 --exact.

It needs `pip install xllamacpp gguf`, and runs until it is ended.
"""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gguf_file import write_gguf
from benchmarks.llamacpp import THREADS, make_params
from story_engine import EMBEDDED_FOLDER
from story_engine.model.config import read_config


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.llama_server", description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED_FOLDER, help="a folder (default: the model that ships)")
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--slots", type=int, default=4, help="stories at once")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--exact", action="store_true", help="weights and cache in float32 instead of Q8_0 and float16")
    options = parser.parse_args()

    import xllamacpp

    with TemporaryDirectory() as place:
        gguf = write_gguf(options.model, Path(place) / "model.gguf", rounds=not options.exact)
        params = make_params(gguf, read_config(options.model).context_length, options.slots)
        params.port, params.model_alias = options.port, {"story"}
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
        if options.exact:
            params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        server = xllamacpp.Server(params)
        print(f"llama.cpp serves {options.model} at {server.listening_address}/v1", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
