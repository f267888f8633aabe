"""An installed copy, as in the container image, has every file that the checkout has."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "knowledge", "triage")


def test_the_wheel_carries_every_file(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, checkout)
    files = {path.relative_to(checkout).as_posix() for path in checkout.rglob("*") if path.is_file()}
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", *options, str(checkout)]
    subprocess.run(command, check=True, timeout=60)
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        missing = files - set(archive.namelist())
    assert missing == {"pyproject.toml", "README.md"}
