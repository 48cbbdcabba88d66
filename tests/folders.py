"""Folders of submissions for tests: written below a temporary path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def write(root: Path, files: dict[str, Any]) -> Path:
    """Write texts, bytes and documents below a folder."""
    for name, content in {"homework.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, Image.Image):
            content.save(path)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return root


def picture(seed: int = 0, side: int = 96) -> Image.Image:
    """A picture with something on it."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8))
