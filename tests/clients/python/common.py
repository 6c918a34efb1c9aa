"""What the Python programs share: where the cluster is, and how a broker is told something."""
import os
import sys
import time

BOOTSTRAP = os.environ["BOOTSTRAP"].split(",")
PREFIX = os.environ["PREFIX"]


def say(*words):
    print(*words, flush=True)


def tell(command):
    say(f"@ {command}")
    answer = sys.stdin.readline().strip()
    if answer != "ok":
        raise RuntimeError(answer)


def until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise RuntimeError(f"{what}: not within {seconds} s")
