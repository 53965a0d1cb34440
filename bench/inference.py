"""Cost of the inference kernel against the libraries one would loop over, as ratios of the same rounds.

Usage: python -m bench.inference.  Loops too long to run are extrapolated from CBE_BENCH_REFITS refits.  The big panel
runs in processes of its own, so that peak memory is each one's.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from bench.__main__ import study_copy
from cbe_assets.statistics.curve_permutation import permute_curve
from cbe_assets.statistics.kernel import CrossProducts, cluster_bootstrap
from cbe_assets.statistics.specification import Specification
from cbe_assets.statistics.specification_curve import Alternatives, specification_curve

ROUNDS = int(os.environ.get("CBE_BENCH_ROUNDS", "5"))
REFITS = int(os.environ.get("CBE_BENCH_REFITS", "30"))
CONTROLS = ("PGDP", "Fisca", "HC", "FDI", "Net", "Infr")
INDICES = ("ECI", "equal", "pca", "critic")
DRAWS = 999
BATTERY_GOAL = 20
"""Seconds on two cores."""
UPSTREAM = "group:raw or group:clean or group:panel or group:index"
"""The layers that the battery is computed from, in Dagster's selection syntax."""


def panel() -> pd.DataFrame:
    """30 x 10 with the study's variables, made of random numbers."""
    rng = np.random.Generator(np.random.PCG64(1))
    frame = pd.DataFrame({"province": np.repeat(np.arange(30), 10), "year": np.tile(np.arange(2013, 2023), 30)})
    for name in (*INDICES, *CONTROLS):
        frame[name] = rng.normal(size=300) + np.repeat(rng.normal(size=30), 10)
    for name in ("EXP", "EXP_share"):
        frame[name] = frame["ECI"] + frame["PGDP"] + rng.normal(size=300) + np.repeat(rng.normal(size=30), 10)
    frame["region"] = np.where(frame["province"] < 11, "east", np.where(frame["province"] < 19, "central", "west"))
    return frame


def seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def report(name: str, ours: list[float], theirs: list[float], goal: str) -> None:
    """Medians, and the ratio of every round with its spread."""
    ratios = [two / one for one, two in zip(ours, theirs, strict=True)]
    print(
        f"{name}: {statistics.median(ours):.3f} s against {statistics.median(theirs):.1f} s, "
        f"1/{statistics.median(ratios):.0f} (1/{min(ratios):.0f} to 1/{max(ratios):.0f}; goal {goal})"
    )


def resamples(frame: pd.DataFrame) -> None:
    """10,000 cluster resamples of Table 4 (3) against refitting linearmodels."""
    from cbe_assets.statistics.panel import fit

    specification = Specification("table4_3", "EXP", ("ECI",), CONTROLS)
    by_province = [part for _, part in frame.groupby("province")]
    rng = np.random.Generator(np.random.PCG64(2))

    def kernel() -> None:
        products = CrossProducts.from_specification(frame, specification)
        cluster_bootstrap(products, "EXP", specification.explanatory, draws=10_000, seed=1)

    def refit() -> None:
        picks = rng.integers(0, 30, 30)
        fit(pd.concat([by_province[pick].assign(province=copy) for copy, pick in enumerate(picks)]), specification)

    refit()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(seconds(lambda: [refit() for _ in range(REFITS)]) / REFITS * 10_000)
        ours.append(seconds(kernel))
    report("10,000 cluster resamples", ours, theirs, "1/500")


def curve(frame: pd.DataFrame) -> None:
    """A curve of 2,048 specifications with WCR against a loop of pyfixest with wildboottest."""
    import pyfixest

    alternatives = Alternatives(
        ("EXP", "EXP_share"), INDICES, CONTROLS, effects=("province_year", "region_by_year"), winsor=(0, 1)
    )
    formula = f"EXP ~ ECI + {' + '.join(CONTROLS)} + C(year) + C(province)"

    def loop() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = pyfixest.feols(formula, data=frame, vcov={"CRV1": "province"})
            fitted.wildboottest(param="ECI", reps=DRAWS, seed=1)

    loop()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(seconds(lambda: [loop() for _ in range(REFITS)]) / REFITS * alternatives.count)
        ours.append(seconds(lambda: specification_curve(frame, alternatives, draws=DRAWS, seed=1)))
    report(f"curve of {alternatives.count} specifications with WCR and CV3", ours, theirs, "1/100")
    joint = [seconds(lambda: permute_curve(frame, alternatives, draws=499, seed=1)) for _ in range(ROUNDS)]
    print(f"its joint permutation test, 499 permutations: {statistics.median(joint):.2f} s")


def big_panel(library: str) -> None:
    """One process: a two-way clustered regression on 1e6 rows, timed warm; prints seconds and peak MiB."""
    rng = np.random.Generator(np.random.PCG64(3))
    count, periods, names = 100_000, 10, [f"x{j}" for j in range(7)]
    data = {name: rng.normal(size=count * periods) for name in names}
    data["y"] = sum(data[name] for name in names) + rng.normal(size=count * periods)
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(count), periods), "year": np.tile(np.arange(periods), count), **data
    })  # fmt: skip
    del data
    if library == "pyfixest":
        import pyfixest

        def run() -> object:
            return pyfixest.feols(f"y ~ {' + '.join(names)} | id + year", data=frame, vcov={"CRV1": "id"})
    elif library == "kernel":
        from cbe_assets.statistics.large_panel import two_way

        def run() -> object:
            columns = [frame[name].to_numpy() for name in names]
            return two_way(frame["y"].to_numpy(), columns, frame["id"].to_numpy(), frame["year"].to_numpy(), names)
    else:

        def run() -> object:
            return None

    run()
    took = min(seconds(run) for _ in range(3))
    print(took, peak())


def peak() -> float:
    """Peak MiB of this process.  Not ru_maxrss, which begins with what the process that started this one had."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def big_panels() -> None:
    """1e6 rows, 7 regressors: this package against pyfixest, warm."""
    found: dict[str, list[tuple[float, float]]] = {"none": [], "kernel": [], "pyfixest": []}
    for _ in range(ROUNDS):
        for library, measured in found.items():
            command = [sys.executable, "-W", "ignore", "-m", "bench.inference", library]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            measured.append((float(out[-2]), float(out[-1])))
    ours, theirs = ([time_ for time_, _ in found[library]] for library in ("kernel", "pyfixest"))
    report("two-way clustered regression on 1e6 rows", ours, theirs, "1/4")
    base, kernel, other = (max(memory for _, memory in measured) for measured in found.values())
    print(
        f"  peak memory {kernel:.0f} MiB against {other:.0f} MiB ({kernel / other:.2f}; goal 0.5), "
        f"of which the data and imports take {base:.0f} MiB"
    )


def battery() -> None:
    """Every asset of the robustness battery on the embedded study, from stored tables to frame, file and facts."""
    from cbe_assets.assets import robustness
    from cbe_assets.assets.node import Inputs
    from cbe_assets.study import Study
    from cbe_assets.warehouse import Warehouse

    with tempfile.TemporaryDirectory() as name:
        root = study_copy(Path(name))
        # As a process of its own: the libraries compared with have turned logging on in this one.
        cbe = str(Path(sys.executable).with_name("cbe"))
        environment = {**os.environ, "DAGSTER_HOME": str(root / ".dagster")}
        command = [cbe, "refresh", "--root", str(root), "--select", UPSTREAM]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        study = Study.load(root)
        stored: Inputs = Warehouse(study.warehouse).read
        nodes = robustness.nodes(study)
        measured = {node.name: [seconds(lambda: node.make(stored)) for _ in range(ROUNDS)] for node in nodes}  # noqa: B023
    totals = [sum(rounds) for rounds in zip(*measured.values(), strict=True)]
    took = statistics.median(totals)
    print(
        f"the whole battery on the embedded study: {took:.2f} s ({min(totals):.2f} to {max(totals):.2f}), "
        f"{took / BATTERY_GOAL:.2f} of the goal of {BATTERY_GOAL} s"
    )
    slowest = sorted(measured.items(), key=lambda item: -statistics.median(item[1]))
    print("  " + ", ".join(f"{name} {statistics.median(rounds):.2f}" for name, rounds in slowest))


def main() -> None:
    if len(sys.argv) > 1:
        big_panel(sys.argv[1])
        return
    frame = panel()
    print(f"{ROUNDS} rounds, loops extrapolated from {REFITS} refits")
    resamples(frame)
    curve(frame)
    battery()
    big_panels()


if __name__ == "__main__":
    main()
