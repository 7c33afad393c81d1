"""Starts TuFT, a third-party server that speaks Tinker's protocol, on the loopback interface.

    VENV/bin/python serve.py [--name Qwen/Qwen3-0.6B] [--model FOLDER] [--port N] [--key KEY]

VENV holds the packages `tuft` 0.2.2 (without vllm), `torch` and `transformers`. The server runs with
its CPU engine, which is a toy: it samples fixed tokens, its log-probabilities mean nothing, and what it
trains is a vector. So what is checked against it is the protocol, not the result.

The first line on standard output is the address for TINKER_BASE_URL, printed once the server answers.
Everything else goes to standard error. The server and its checkpoints go away with this process.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SECONDS_TO_START = 180


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main() -> int:
    parser = argparse.ArgumentParser(description="TuFT with its toy engine on the loopback interface")
    parser.add_argument("--name", default="Qwen/Qwen3-0.6B", help="the model's name in requests")
    parser.add_argument("--model", type=Path, help="folder with the model's config.json")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default="tml-loopback", help="the key that is let in")
    arguments = parser.parse_args()
    port = arguments.port or free_port()

    with tempfile.TemporaryDirectory(prefix="tuft-") as place:
        home = Path(place)
        model = arguments.model or home / "model"
        if arguments.model is None:
            # The server reads the model's family from here and no weights at all.
            model.mkdir()
            (model / "config.json").write_text(json.dumps({"model_type": "qwen3"}))
        configuration = home / "tuft.yaml"
        # JSON is YAML.
        configuration.write_text(
            json.dumps(
                {
                    "checkpoint_dir": str(home / "checkpoints"),
                    "authorized_users": {arguments.key: "tester"},
                    "supported_models": [
                        {
                            "model_name": arguments.name,
                            "model_path": str(model.resolve()),
                            "max_model_len": 4096,
                            "max_lora_rank": 64,
                        }
                    ],
                }
            )
        )
        environment = {
            **os.environ,
            "TUFT_CPU_TEST": "1",
            "TUFT_HOME": str(home),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        server = subprocess.Popen(
            [sys.executable, "-m", "tuft", "launch", "--host", "127.0.0.1", "--port", str(port)]
            + ["--config", str(configuration), "--log-level", "warning"],
            env=environment,
            stdout=sys.stderr,
        )
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        signal.signal(signal.SIGINT, lambda *_: server.terminate())
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + SECONDS_TO_START
        while server.poll() is None and time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{address}/api/v1/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        print(address, flush=True)
                        break
            except OSError:
                time.sleep(0.5)
        else:
            print("the server does not start", file=sys.stderr)
            server.kill()
            return 1
        return server.wait()


if __name__ == "__main__":
    sys.exit(main())
