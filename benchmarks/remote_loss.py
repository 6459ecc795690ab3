"""Two llama.cpp servers, one killed in the middle of eight stories: python -m benchmarks.remote_loss.

Each story is told greedily, once undisturbed and once with the loss. Where a passage breaks off, its reader presses Continue.
Then all must read as if nothing had happened: a word that differs ends it with an error. It needs `pip install xllamacpp gguf`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from benchmarks.processes import find_port, wait_for
from playground.ideas import IDEAS
from story_engine import EMBEDDED_FOLDER, Settings, Story, StoryEngine, StoryError

STORIES, TOKENS = 8, 60
SHOWN = 40  # characters of each story after which one server is killed
# Without a loop's retry and a sentence's end, a passage of two halves has the words of a whole one.
GREEDY = Settings(temperature=0, top_p=1, repetition_penalty=1, max_new_tokens=TOKENS, seed=0)


@dataclass
class Reader:
    """A story, what its reader is shown, and what they are told when it breaks off."""

    story: Story
    shown: str = ""
    message: str = ""

    def read(self, engine: StoryEngine) -> None:
        try:
            for piece in engine.stream(self.story, GREEDY):
                self.shown = piece.follow(self.shown)
        except StoryError as error:
            self.message = str(error)


def start_servers(ports: list[int]) -> list[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "benchmarks.llama_server", "--exact", "--threads", "1", "--slots", str(STORIES)]
    servers = [subprocess.Popen([*command, "--port", str(port)]) for port in ports]
    for server, port in zip(servers, ports, strict=True):
        wait_for(server, f"http://127.0.0.1:{port}/health")
    return servers


def tell_together(engine: StoryEngine, uids: list[str], victim: subprocess.Popen[bytes] | None) -> list[Reader]:
    """Eight readers at once; the victim is killed once all have been shown something."""
    readers = [Reader(Story(opening)) for opening in list(IDEAS.values())[:STORIES]]
    for reader, uid in zip(readers, uids, strict=True):
        reader.story.uid = uid
    threads = [threading.Thread(target=reader.read, args=(engine,)) for reader in readers]
    for thread in threads:
        thread.start()
    if victim:
        while any(len(reader.shown) < SHOWN and thread.is_alive() for reader, thread in zip(readers, threads, strict=True)):
            time.sleep(0.02)
        os.kill(victim.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    return readers


def choose_uids(engine: StoryEngine, urls: list[str]) -> list[str]:
    """Numbers of stories of which every other one belongs to each server."""
    uids: list[str] = []
    while len(uids) < STORIES:
        uid = Story().uid
        if engine.client.replicas.order(uid)[0] == urls[len(uids) % 2]:  # type: ignore[attr-defined]
            uids.append(uid)
    return uids


def count_same(a: str, b: str) -> int:
    """Characters that two texts begin with alike."""
    return next((place for place, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.remote_loss", description=__doc__).parse_args()
    ports = [find_port(), find_port()]
    urls = [f"http://127.0.0.1:{port}/v1" for port in ports]
    servers = start_servers(ports)
    try:
        engine = StoryEngine.load(f"openai:{','.join(urls)}#story@{EMBEDDED_FOLDER}")
        engine.retries_loops = False
        uids = choose_uids(engine, urls)
        whole = [reader.story.text() for reader in tell_together(engine, uids, None)]
        readers = tell_together(engine, uids, servers[0])
        for number, reader in enumerate(readers):
            kept = reader.story.text()
            assert kept.endswith(reader.shown), "a word that was shown is lost"
            if reader.message:
                reader.read(engine)
            same = count_same(whole[number], reader.story.text())
            print(f"story {number + 1}: {reader.message or 'undisturbed'}")
            print(
                f"  {len(kept)} characters, then {len(reader.story.text())}; of {len(whole[number])} undisturbed, {same} same"
            )
            assert same >= min(len(whole[number]), len(reader.story.text())), "a word is lost or doubled"
        engine.close()
    finally:
        for server in servers:
            server.kill()


if __name__ == "__main__":
    main()
