"""The same seeds give the same bytes with any number of threads and any PYTHONHASHSEED."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
from study_panels import BASE, CONTROLS, generated

from cbe_assets.statistics.curve_permutation import permute_curve
from cbe_assets.statistics.heterogeneity import permutation_equal_coefficients
from cbe_assets.statistics.kernel import CrossProducts, cluster_bootstrap
from cbe_assets.statistics.placebo import permute_paths
from cbe_assets.statistics.sensitivity import mediation_sensitivity
from cbe_assets.statistics.specification_curve import Alternatives, specification_curve
from cbe_assets.statistics.wild_bootstrap import WildCluster, pieces, wild_weights

X = BASE.explanatory
SPLIT = {"variable": "FinDev", "at": "median", "side": "high"}


def digest() -> str:
    """One digest of everything that is drawn."""
    frame = generated()
    products = CrossProducts.from_frame(frame, [*X, "EXP"])
    wild = WildCluster(pieces(products, "EXP", X, "ECI"), wild_weights(30, 999, seed=1))
    high = replace(BASE, sample={"split": SPLIT})
    low = replace(BASE, sample={"split": {**SPLIT, "side": "low"}})
    curve = Alternatives(("EXP",), ("ECI",), CONTROLS[:3], effects=("province_year",), winsor=(0, 1))
    equal = permutation_equal_coefficients(frame, high, low, draws=199, seed=3)
    parts = [
        cluster_bootstrap(products, "EXP", X, draws=1000, seed=1),
        wild.statistics([0.0, 1.5]),
        np.array(wild.interval()),
        permute_paths(frame, BASE, "ECI", draws=199, seed=2).draws.to_numpy(),
        np.array([equal.value("ECI"), equal.tests["permutation[ECI]"]["sd"]]),
        specification_curve(frame, curve, draws=199, seed=1)[["estimate", "cv3", "wcr_p"]].to_numpy(),
        permute_curve(frame, curve, draws=99, seed=1).medians,
        mediation_sensitivity(frame, BASE, "Inus", draws=99, seed=1).curve.to_numpy(),
    ]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part, dtype=float).tobytes() for part in parts)).hexdigest()


def test_bytes_do_not_depend_on_threads_or_hash_seed():
    script = "import sys; sys.path.insert(0, sys.argv[1])\nfrom test_reproducible import digest; print(digest())"
    here = os.path.dirname(__file__)
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "123"}
    run = subprocess.run([sys.executable, "-c", script, here], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == digest()
