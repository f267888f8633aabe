"""An environment of its own for aiogram, which wants an older pydantic than the project has."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).with_name("requirements-aiogram.txt")
PATIENCE = 240  # seconds for the installation


def _install(folder: Path) -> None:
    """Make the environment; raises CalledProcessError or TimeoutExpired."""
    python = folder / "bin" / "python"
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    make = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)]
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    fill = [*pip, "install", *options, "--requirement", str(REQUIREMENTS)]
    for command in (make, fill):
        subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True, text=True)


@pytest.fixture(scope="session")
def aiogram_python(pytestconfig: pytest.Config) -> Path:
    """Give the Python that can import aiogram; installed once, then kept in pytest's cache."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    cache = pytestconfig.cache
    if cache is None:
        pytest.skip("aiogram needs pytest's cache to be installed into")
    folder = cache.mkdir("aiogram")
    stamp = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests may be at it
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            try:
                _install(folder / "venv")
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                lines = str(error.stderr or error).strip().splitlines()
                reason = f"aiogram cannot be installed: {lines[-1] if lines else error}"
                if os.environ.get("CI"):
                    pytest.fail(reason)
                pytest.skip(reason)
            stamp.write_text(wanted)
    return folder / "venv" / "bin" / "python"
