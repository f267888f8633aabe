"""A copy of the knowledge base for tests that damage it."""

import shutil
from pathlib import Path

from knowledge.loader import PACKAGED


def copy_of_the_base(tmp_path: Path) -> Path:
    """Copy the data, without the code."""
    folder = tmp_path / "knowledge"
    shutil.copytree(PACKAGED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder
