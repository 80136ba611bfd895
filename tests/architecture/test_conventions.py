"""House rules that a linter cannot see."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUREL = ROOT / "platform" / "laurel"
PACKAGES = (
    "accounts approvals bank quizzes catalog commerce learning credentials attribution ctas articles storefront studio backoffice".split()
)
ROOMS = {"rules", "events", "models", "queries", "services", "handlers", "forms", "views", "gateway"}
EXTRA_ROOMS = {
    "accounts": {"security"},
    "storefront": {"facts"},
    "studio": {"navigation"},
    "backoffice": {"navigation", "evidence"},
    "bank": {"formats"},
    "credentials": {"artwork", "pdf", "documents", "signing"},
}
# Where a library commits for itself, or a process is its own edge.
COMMITTERS = {"web/session.py", "web/browser_sessions.py", "web/counters.py", "core/bus.py", "worker.py", "pulse.py", "seed.py"}


def python_files() -> list[Path]:
    return sorted(path for folder in ("platform", "tests", "bench") for path in (ROOT / folder).rglob("*.py"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_platform_is_a_source_root_and_no_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_pythons_own_platform_module_is_the_one_that_is_imported() -> None:
    import platform

    assert platform.system()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_only_known_rooms(package: str) -> None:
    found = {path.stem for path in (LAUREL / package).iterdir() if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")}
    unknown = {name for name in found - {"__init__"} - ROOMS - EXTRA_ROOMS.get(package, set()) if not name.endswith("_gateway")}

    assert not {
        name for name in unknown if (LAUREL / package / name).with_suffix(".py").exists() or any((LAUREL / package / name).glob("*.py"))
    }


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    source = path.read_text()
    long_functions = [node.name for node in functions(ast.parse(source)) if (node.end_lineno or 0) - node.lineno >= 41]

    assert source.count("\n") <= 400
    assert long_functions == []


def test_only_the_edge_commits() -> None:
    committing = {
        str(path.relative_to(LAUREL))
        for path in LAUREL.rglob("*.py")
        if re.search(r"\.commit\(\)", path.read_text()) and not path.match("**/views/*.py")
    }

    assert committing <= COMMITTERS


def test_nothing_but_the_clock_reads_the_clock() -> None:
    readers = {
        str(path.relative_to(LAUREL))
        for path in LAUREL.rglob("*.py")
        if re.search(r"datetime\.now\(|utcnow\(|time\.time\(", path.read_text())
    }

    assert readers == {"core/clock.py"}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert not [path for path in python_files() if path.stem in {"utils", "helpers", "common", "misc"}]


def test_the_sandbox_and_the_product_share_no_code() -> None:
    sandbox = [
        path
        for path in (ROOT / "platform" / "stripesim").rglob("*.py")
        if re.search(r"^(from|import) (laurel|stripe)\b", path.read_text(), re.M)
    ]
    product = [path for path in LAUREL.rglob("*.py") if re.search(r"^(from|import) stripesim\b", path.read_text(), re.M)]

    assert sandbox == product == []
