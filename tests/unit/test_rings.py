"""The rings hold: pure code imports no framework and no outer ring, and the package stays light to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "cbe_assets"
PURE = ("yearbook", "statistics", "publish", "simulate", "drift")
FRAMEWORKS = {"dagster", "duckdb", "great_expectations", "sqlglot", "typer", "rich"}
INNER = {"declared", "faults", "study", *PURE}
ORCHESTRATION = {"refresh", "cli", "definitions"}
STORAGE = {
    "warehouse", "validation", "sources", "gate", "domain_expectations", "assets", "recheck", "simulated_files",
    "history",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("package", PURE)
def test_pure_code_imports_no_framework_and_no_outer_ring(package):
    for path in sorted((PACKAGE / package).rglob("*.py")):
        for name in imported(path):
            top, *rest = name.split(".")
            assert top not in FRAMEWORKS, f"{path.name} imports {name}"
            assert top != "cbe_assets" or rest[0] in INNER, f"{path.name} imports {name}"


def test_storage_imports_no_orchestration():
    for name in STORAGE:
        place = PACKAGE / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
            for used in imported(path):
                top, *rest = used.split(".")
                assert top != "dagster", f"{path.name} imports {used}"
                assert top != "cbe_assets" or not rest or rest[0] not in ORCHESTRATION, f"{path.name} imports {used}"


def test_pure_code_opens_no_file_and_reads_no_clock():
    forbidden = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "now", "today", "time"}
    for package in PURE:
        for path in sorted((PACKAGE / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    own = called in ("read_text", "read_bytes") and "resources" in path.read_text(encoding="utf-8")
                    assert called not in forbidden or own, f"{path.name}:{node.lineno} calls {called}"


@pytest.mark.parametrize("statement", ["import cbe_assets", "import cbe_assets.cli", "import cbe_assets.study"])
def test_importing_the_package_stays_light(statement):
    heavy = ["dagster", "great_expectations", "linearmodels", "matplotlib", "pandas", "duckdb", "scipy"]
    code = f"{statement}; import sys; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
