"""Programs that a benchmark starts beside itself: on a free port, until they answer, and ended with it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.request import urlopen

PATIENCE = 300  # seconds to start


def find_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def run_server(arguments: Sequence[str], port: int, path: str = "/health") -> Iterator[str]:
    """Python with these arguments, once it answers at `path`; gives its address.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    process, url = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL), f"http://127.0.0.1:{port}"
    try:
        wait_for(process, url + path)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    """Until the program answers there.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urlopen(url, timeout=5).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.5)
    raise RuntimeError(f"{url} did not answer.")
