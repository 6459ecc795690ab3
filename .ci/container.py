"""The Dockerfile's steps without a container engine: in a fresh Debian made by debootstrap, by chroot.

Run as root: python .ci/container.py. Python is Debian's here, and torch comes from where this machine's pip finds it; all else
is as the Dockerfile says. Then the page starts as its user, with read-only files as in docker-compose.yml. It must become
healthy, tell a story, keep it on its volume, and end by SIGTERM with 0.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RELEASE, PACKAGES, PYTHON = "bookworm", "python3,python3-venv,ca-certificates", "/usr/local/venv"
PATH = f"{PYTHON}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
HOST_FILES = ("/etc/hosts", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf", "/etc/xdg/pip")
START = {"opening": "Tom went out.", "max_new_tokens": 30, "seed": 3}  # what is given to /start
HEALTHY_WITHIN, ENDED_WITHIN = 600, 15  # seconds; a first start compiles the kernel


class Image:
    """What the Dockerfile has made so far: a root, variables, a folder and a user."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder, self.user = root, "/", 0
        self.variables = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8"}
        self.health: list[str] = []
        self.entry: list[str] = []
        self.flags: list[str] = []
        self.volumes: list[str] = []

    def take(self, line: str) -> None:
        """One instruction."""
        name, _, rest = line.partition(" ")
        print(f"--- {line[:110]}", flush=True)
        if name == "RUN":
            self.run(["sh", "-ec", re.sub(r'--index-url "[^"]*"', "", rest)])
        elif name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                self._copy(source, target)
        elif name in ("ENV", "ARG"):
            self.variables |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif name == "WORKDIR":
            self.folder = rest
            self.inside(rest).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            self.user = int(rest)
            self.variables["HOME"] = "/home/reader"
        elif name == "HEALTHCHECK":
            self.health = json.loads(rest[rest.index("CMD") + 3 :])
        elif name == "ENTRYPOINT":
            self.entry = json.loads(rest)
        elif name == "CMD":
            self.flags = json.loads(rest)
        elif name == "VOLUME":
            self.volumes = rest.split()
        elif name not in ("FROM", "EXPOSE", "STOPSIGNAL"):
            raise SystemExit(f"The Dockerfile has an instruction that is not known here: {name}")

    def inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        own = [f"{name}={value}" for name, value in self.variables.items()]
        enter = ["chroot", f"--userspec={self.user}:{self.user}", str(self.root), "env", "-i", f"--chdir={self.folder}", *own]
        return subprocess.Popen([*enter, *command])

    def run(self, command: list[str]) -> None:
        if status := self.start(command).wait():
            raise SystemExit(f"{command[0]} ended with {status}.")

    def _copy(self, source: str, target: str) -> None:
        place = self.inside(os.path.join(self.folder, target))
        if (PROJECT / source).is_dir():
            shutil.copytree(PROJECT / source, place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(PROJECT / source, place / source if place.is_dir() else place)


def read_instructions(port: int) -> list[str]:
    """The Dockerfile's instructions, one a line; the page's port is one that nobody uses."""
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("7860", str(port)).replace("\\\n", " ")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def prepare(image: Image) -> None:
    """What an image of Python has, and this machine's way to packages; mounts end with this process's own namespace."""
    mount("--bind", str(image.root), str(image.root))
    for name, kind in (("proc", "proc"), ("sys", "sysfs")):
        mount("-t", kind, "-o", "ro", kind, str(image.root / name))
    for path in map(Path, HOST_FILES):
        if path.exists():
            place = image.inside(str(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(path, place, dirs_exist_ok=True) if path.is_dir() else shutil.copy(path, place)
    image.variables |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT"))}
    settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    for folder in {match for match in re.findall(r"(?:file://|')(/[\w/.-]+)", settings) if Path(match).is_dir()}:
        image.inside(folder).mkdir(parents=True, exist_ok=True)
        mount("--bind", "-o", "ro", folder, str(image.inside(folder)))
    image.run(["python3", "-m", "venv", PYTHON])


def try_out(image: Image, port: int) -> None:
    """The page as compose runs it: read-only but for its volumes and /tmp."""
    for path in (*image.volumes, "/home/reader/.cache"):
        mount("--bind", str(image.inside(path)), str(image.inside(path)))
    mount("-o", "remount,bind,ro", str(image.root))
    mount("-t", "tmpfs", "tmpfs", str(image.inside("/tmp")))
    page = image.start([*image.entry, *image.flags])
    try:
        until = time.monotonic() + HEALTHY_WITHIN
        while image.start(image.health).wait():
            if page.poll() is not None or time.monotonic() > until:
                raise SystemExit("The page did not become healthy.")
            time.sleep(5)
        print("healthy", flush=True)
        print(tell_story(f"http://127.0.0.1:{port}"), flush=True)
        page.send_signal(signal.SIGTERM)
        if status := page.wait(ENDED_WITHIN):
            raise SystemExit(f"The page ended with {status}.")
    finally:
        page.kill()
    kept = list(image.inside(image.volumes[0]).glob("*.json"))
    if len(kept) != 1 or kept[0].stat().st_uid != image.user:
        raise SystemExit("The story was not kept on its volume.")


def tell_story(url: str) -> str:
    """A story by `/start`, as a script tells it."""
    with urllib.request.urlopen(f"{url}/gradio_api/info", timeout=60) as answer:
        parameters = json.load(answer)["named_endpoints"]["/start"]["parameters"]
    given = [START.get(one["parameter_name"], one["parameter_default"]) for one in parameters]
    asked = urllib.request.Request(
        f"{url}/gradio_api/call/start", json.dumps({"data": given}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        number = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/start/{number}", timeout=120) as answer:
        told = answer.read().decode().split("event: complete\ndata: ")[1]
    return json.loads(told.splitlines()[0])[0]["text"]


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, help="a Debian that debootstrap has made already, which is copied")
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() or not shutil.which("debootstrap"):
        raise SystemExit("This needs root, and debootstrap.")
    if options.root:
        build(options.root, options.base)
        return
    # Mounts are made in a namespace of their own: they end with it, and what is removed here has none.
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "root"
        subprocess.run(["unshare", "--mount", sys.executable, __file__, "--root", str(root), *sys.argv[1:]], check=True)
    print("The container's steps work.")


def build(root: Path, base: Path | None) -> None:
    """All steps, and the trial."""
    if base:
        subprocess.run(["cp", "-a", str(base), str(root)], check=True)
    else:
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(root)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    image = Image(root)
    prepare(image)
    for line in read_instructions(port):
        image.take(line)
    try_out(image, port)


if __name__ == "__main__":
    main()
