"""The doctor: each thing that may be missing is named with what to do, also where nothing is installed."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from core import config
from core.__main__ import main
from core.commands import doctor


def test_this_machine_has_what_the_tests_need(capsys) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "Nothing that the app needs is missing." in said
    assert "MISSING" not in said


def test_it_answers_in_json(capsys) -> None:
    assert main(["doctor", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"what", "there", "found", "remedy", "needed"} == set(rows[0])


@pytest.mark.parametrize(
    ("version", "right"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 1), True), ((3, 14, 0), False)]
)
def test_a_python_outside_the_range_is_named(version: tuple[int, ...], right: bool) -> None:
    found = doctor.python(version)
    assert found.there is right
    assert right or "3.11 to 3.13" in str(found)


def test_the_range_of_python_is_that_of_the_project() -> None:
    wanted = (config.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11,<3.14"' in wanted


def test_packages_that_lack_or_are_too_old_are_named(tmp_path: Path) -> None:
    file = tmp_path / "needs.txt"
    file.write_text(
        "# a comment\n--extra-index-url https://example.org\nnumpy>=2.0,<3\nno-such-package>=1\nnumpy>=99\n"
    )
    there, absent, old = doctor.packages(file)
    assert there.there
    assert there.found == "1 of 3 packages"
    assert str(absent) == "MISSING no-such-package>=1: not installed; run: pip install -r needs.txt"
    assert "version 2" in old.found


def test_a_missing_list_is_no_traceback(tmp_path: Path) -> None:
    (found,) = doctor.packages(tmp_path / "needs.txt")
    assert not found.there


def test_missing_and_broken_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "model.safetensors").write_text("version 1\noid sha256:0\nsize 4\n")
    found = {item.what: item for item in doctor.weights(tmp_path)}
    assert not any(item.there for item in found.values())
    assert "not there" in found[f"weights {config.DEFAULT_MODEL}"].found
    assert "are no weights" in found["weights vae"].found


def test_memory_is_that_of_the_container(tmp_path: Path) -> None:
    meminfo, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    meminfo.write_text("MemTotal:  8192000 kB\nMemAvailable:  4096000 kB\n")
    limit.write_text("max\n")
    assert doctor.memory(meminfo, limit).found == "4,000 MB"
    limit.write_text(str(512 * 2**20))
    found = doctor.memory(meminfo, limit)
    assert not found.there
    assert "512 MB" in str(found)
    assert doctor.memory(tmp_path / "nothing", limit).there


def test_a_bare_python_is_told_what_to_install(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = tmp_path / "bare" / "bin" / "python"
    done = subprocess.run([bare, "-m", "core", "doctor"], cwd=config.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "MISSING torch" in done.stderr
    assert "Traceback" not in done.stderr
    assert "pip install -r requirements.txt" in done.stderr.splitlines()[-1]


def test_it_needs_nothing_but_python_itself() -> None:
    code = (
        "import sys, core.commands.doctor; print(*(m for m in ('numpy', 'pandas', 'torch', 'cv2') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
