"""Workers: tasks in order, and a program that ends well whatever they are doing."""

import gc
import subprocess
import sys
import threading

from story_engine.worker import Worker

STORY = """
from story_engine import Settings, Story, StoryEngine
engine = StoryEngine.load("embedded")
stream = engine.stream(Story("Once upon a time, Tom had a ball."), Settings(max_new_tokens=50, seed=1))
told = [next(stream) for _ in range(4)]
print("told")
"""


def test_tasks_are_done_in_order_by_one_thread_that_ends_with_its_owner():
    worker, seen, done = Worker("test"), [], threading.Event()
    for number in range(100):
        worker.submit(lambda number=number: seen.append((number, threading.current_thread())))
    worker.submit(done.set)
    assert done.wait(10)
    assert [number for number, _ in seen] == list(range(100))
    (thread,) = {thread for _, thread in seen}
    seen.clear()
    del worker
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)


def test_a_program_that_ends_waits_for_the_task_at_hand():
    done = run(
        "import time; from story_engine.worker import Worker; "
        "Worker('test').submit(lambda: (time.sleep(0.5), print('done', flush=True)))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_program_that_ends_in_the_midst_of_a_story_ends_well():
    told = run(STORY)
    assert (told.returncode, told.stdout) == (0, "told\n"), told.stderr
