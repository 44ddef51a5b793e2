"""Each room imports only from the rooms below it, and nothing heavy is imported before it is used."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import verify

ROOT = Path(verify.__file__).parent
# top floor first; a room may import itself and what stands after it
FLOORS = ["cli", "pytest_plugin", "gate", "report", "engine", "claims", "evidence", "data", "methods"]
# rooms beside each other, which must not lean on each other though one stands later in the list
APART = {("evidence", "data"), ("evidence", "methods"), ("data", "methods")}


def imported_rooms(path):
    """(room, line) of every import of this package, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module] if node.module != "verify" else [f"verify.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("verify."):
                yield name.split(".")[1], node.lineno


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        return
    allowed = FLOORS[FLOORS.index(room) :]
    for target, line in imported_rooms(path):
        if target == "__version__":
            continue
        assert target in allowed, f"{path}:{line}: {room} imports {target}, which stands above it"
        assert (room, target) not in APART, f"{path}:{line}: {room} imports {target}"


HEAVY = ("ot", "flint", "scipy.stats", "scipy.optimize", "matplotlib", "jinja2", "torch")


def modules_after(*args):
    """The modules that are loaded after the command `verify *args` has run."""
    code = (
        "import sys, json, io, contextlib\n"
        "from verify.cli import main\n"
        "out = io.StringIO()\n"
        "with contextlib.redirect_stdout(out):\n"
        "    try: main(sys.argv[1:])\n"
        "    except SystemExit as end: assert not end.code, end.code\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("args", [("list",), ("list", "emo"), ("list", "--json"), ("show", "emo.demd"), ("--help",)])
def test_listing_loads_nothing_heavy(args):
    assert not modules_after(*args) & set(HEAVY)


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("schema",), ("run", "--help")])
def test_help_and_schema_import_no_claim(args):
    systems = {name for name in modules_after(*args) if name.startswith("verify.claims.emo")}
    assert not systems


def test_a_report_imports_no_claim(tmp_path):
    saved = verify.run("emo.escape-time", jobs=0, mutants=False)
    saved.save(tmp_path / "run.json")
    loaded = modules_after("report", str(tmp_path / "run.json"), "--html", str(tmp_path / "page.html"))
    assert not {name for name in loaded if name.startswith("verify.claims.emo")}
    assert "emo.escape-time" in (tmp_path / "page.html").read_text()


def test_methods_need_numpy_alone():
    code = "import sys, verify.methods.earth_mover; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {*HEAVY, "scipy", "verify.claims", "verify.engine", "msgspec"}
