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
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("CBE_BENCH_ROUNDS", "5"))
COPIED = ("study", "sql", "expectations", "data/reference", "data/sample")


def study_copy(folder: Path) -> Path:
    """A study root without warehouse, exports and Dagster home."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    return folder


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the clock and of the processors, peak memory."""

    seconds: float
    cpu: float
    mebibytes: float


def measure(command: list[str], root: Path) -> Cost:
    """The cost of a command run to its end as a process of its own."""
    environment = {**os.environ, "CBE_ROOT": str(root), "DAGSTER_HOME": str(root / ".dagster")}
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}:\n{said.decode()}")
    return Cost(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def revise_one_cell(root: Path) -> None:
    """Changes one cell in the classic CSV layout, of a table that enters the index, and so nearly all models."""
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


def revise_one_loan(root: Path) -> None:
    """Changes one cell of the loans, which enter one variable of the panel that few models read."""
    import openpyxl

    path = root / "data/sample/loans/2023.xlsx"
    book = openpyxl.load_workbook(path)
    rows = {str(row[0].value).replace(" ", ""): row for row in book.active.iter_rows()}
    cell = rows["河南"][1]
    cell.value = round(cell.value * 1.001, 4)
    book.save(path)


def change_one_specification(root: Path) -> None:
    """Turns the order of the controls of Table 5 (1) around."""
    path = root / "study/regressions.yaml"
    old = "table5_1: {outcome: EXP, regressors: [NumCPZ], controls: *controls"
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit("study/regressions.yaml no longer holds the specification that this measurement edits")
    path.write_text(text.replace(old, old.replace("*controls", "[Infr, Net, FDI, HC, Fisca, PGDP]")), encoding="utf-8")


def one_round() -> dict[str, Cost]:
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
        revise_one_loan(full)
        measured["a cell few read"] = measure(refresh, full)
        change_one_specification(full)
        measured["one specification"] = measure(refresh, full)
    return measured


def stock_dagster() -> Cost:
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
    ("a cell few read", "full refresh"),
    ("one specification", "full refresh"),
)


def main() -> None:
    rounds = [one_round() for _ in range(ROUNDS)]
    print(f"{ROUNDS} rounds\n{'':18}{'median s':>10}{'min':>8}{'max':>8}{'CPU s':>8}{'peak MiB':>10}")
    for name in rounds[0]:
        seconds = [measured[name].seconds for measured in rounds]
        cpu = statistics.median(measured[name].cpu for measured in rounds)
        memory = max(measured[name].mebibytes for measured in rounds)
        spread = f"{statistics.median(seconds):10.2f}{min(seconds):8.2f}{max(seconds):8.2f}"
        print(f"{name:18}{spread}{cpu:8.2f}{memory:10.0f}")
    for name, base in RATIOS:
        ratios = [measured[name].seconds / measured[base].seconds for measured in rounds]
        cpu = statistics.median(measured[name].cpu / measured[base].cpu for measured in rounds)
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        print(f"{name} / {base}: median {statistics.median(ratios):.2f} ({spread}), of CPU time {cpu:.2f}")
    if "--stock" in sys.argv:
        stock = stock_dagster().seconds
        full = statistics.median(measured["full refresh"].seconds for measured in rounds)
        print(f"stock storage and multiprocess executor, once: {stock:.0f} s, {stock / full:.1f} times ours")


if __name__ == "__main__":
    main()
