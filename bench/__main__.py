"""Runs every measurement in turn, several rounds of all, and prints medians, spreads and ratios of the same rounds."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("CBE_BENCH_ROUNDS", "5"))
COPIED = ("study", "sql", "expectations", "data/reference", "data/sample")


def study_copy(folder: Path) -> Path:
    """A study root without warehouse, exports and Dagster home."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    return folder


def measure(command: list[str], root: Path) -> tuple[float, float]:
    """Seconds and peak MiB of a command run to its end as a process of its own."""
    environment = {**os.environ, "CBE_ROOT": str(root), "DAGSTER_HOME": str(root / ".dagster")}
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}:\n{said.decode()}")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def one_round() -> dict[str, tuple[float, float]]:
    """Every measurement once, on fresh copies."""
    cbe = [str(Path(sys.executable).with_name("cbe"))]
    with tempfile.TemporaryDirectory() as name:
        bare, full = study_copy(Path(name) / "bare"), study_copy(Path(name) / "full")
        return {
            "import dagster": measure([sys.executable, "-c", "import dagster"], full),
            "bare script": measure([sys.executable, "-m", "bench.bare", str(bare)], bare),
            "full refresh": measure([*cbe, "refresh"], full),
            "no-op refresh": measure([*cbe, "refresh"], full),
        }


def main() -> None:
    rounds = [one_round() for _ in range(ROUNDS)]
    print(f"{ROUNDS} rounds\n{'':16}{'median s':>10}{'min':>8}{'max':>8}{'peak MiB':>10}")
    for name in rounds[0]:
        seconds = [measured[name][0] for measured in rounds]
        memory = max(measured[name][1] for measured in rounds)
        print(f"{name:16}{statistics.median(seconds):10.2f}{min(seconds):8.2f}{max(seconds):8.2f}{memory:10.0f}")
    for name, base in (("full refresh", "bare script"), ("no-op refresh", "import dagster")):
        ratios = [measured[name][0] / measured[base][0] for measured in rounds]
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        print(f"{name} / {base}: median {statistics.median(ratios):.2f} ({spread})")


if __name__ == "__main__":
    main()
