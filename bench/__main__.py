"""Runs every measurement in turn, several rounds of all, and prints medians, spreads and ratios of the same rounds.

`--stock` adds one run of the graph on Dagster's stock storage and multiprocess executor, which takes minutes.
CBE_BENCH_ROUNDS sets the number of rounds (5).
"""

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


def revise_one_cell(root: Path) -> None:
    """Changes the last digit of one cell of one edition in the classic CSV layout."""
    path = next(
        path
        for path in sorted(root.glob("data/sample/*/*.csv"))
        if path.read_bytes().startswith("数据库".encode("gb18030"))
    )
    lines = path.read_bytes().decode("gb18030").splitlines(keepends=True)
    row = next(number for number, line in enumerate(lines) if line.startswith("河南"))
    cells = lines[row].rstrip("\r\n").split(",")
    column = max(number for number, cell in enumerate(cells) if cell)
    cells[column] = str(round(float(cells[column]) * 1.001, 4))
    lines[row] = ",".join(cells) + "\r\n"
    path.write_bytes("".join(lines).encode("gb18030"))


def change_one_specification(root: Path) -> None:
    """Turns the order of the controls of Table 5 (1) around."""
    path = root / "study/regressions.yaml"
    old = "table5_1: {outcome: EXP, regressors: [NumCPZ], controls: *controls"
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit("study/regressions.yaml no longer holds the specification that this measurement edits")
    path.write_text(text.replace(old, old.replace("*controls", "[Infr, Net, FDI, HC, Fisca, PGDP]")), encoding="utf-8")


def one_round() -> dict[str, tuple[float, float]]:
    """Every measurement once, on fresh copies."""
    cbe = [str(Path(sys.executable).with_name("cbe"))]
    refresh = [*cbe, "refresh"]
    with tempfile.TemporaryDirectory() as name:
        bare, full = study_copy(Path(name) / "bare"), study_copy(Path(name) / "full")
        measured = {
            "import dagster": measure([sys.executable, "-c", "import dagster"], full),
            "bare script": measure([sys.executable, "-m", "bench.bare", str(bare)], bare),
            "full refresh": measure(refresh, full),
            "no-op refresh": measure(refresh, full),
            "make-like no-op": measure([sys.executable, "-m", "bench.noop", str(full)], full),
        }
        revise_one_cell(full)
        measured["one revised cell"] = measure(refresh, full)
        change_one_specification(full)
        measured["one specification"] = measure(refresh, full)
    return measured


def stock_dagster() -> tuple[float, float]:
    """The same graph once with Dagster's stock storage and multiprocess executor."""
    with tempfile.TemporaryDirectory() as name:
        root = study_copy(Path(name))
        (root / ".dagster").mkdir()
        (root / ".dagster/dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
        dagster = str(Path(sys.executable).with_name("dagster"))
        return measure([dagster, "job", "execute", "-m", "bench.stock", "-j", "everything"], root)


RATIOS = (
    ("full refresh", "bare script"),
    ("no-op refresh", "import dagster"),
    ("no-op refresh", "make-like no-op"),
    ("one revised cell", "full refresh"),
    ("one specification", "full refresh"),
)


def main() -> None:
    rounds = [one_round() for _ in range(ROUNDS)]
    print(f"{ROUNDS} rounds\n{'':18}{'median s':>10}{'min':>8}{'max':>8}{'peak MiB':>10}")
    for name in rounds[0]:
        seconds = [measured[name][0] for measured in rounds]
        memory = max(measured[name][1] for measured in rounds)
        print(f"{name:18}{statistics.median(seconds):10.2f}{min(seconds):8.2f}{max(seconds):8.2f}{memory:10.0f}")
    for name, base in RATIOS:
        ratios = [measured[name][0] / measured[base][0] for measured in rounds]
        print(f"{name} / {base}: median {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    if "--stock" in sys.argv:
        seconds, _ = stock_dagster()
        full = statistics.median(measured["full refresh"][0] for measured in rounds)
        print(f"stock storage and multiprocess executor, once: {seconds:.0f} s, {seconds / full:.1f} times ours")


if __name__ == "__main__":
    main()
