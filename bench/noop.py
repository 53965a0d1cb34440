"""What a make-like tool does when nothing changed: stat and hash every input.  Usage: python -m bench.noop ROOT"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path


def main(root: str) -> None:
    for part in ("study", "sql", "expectations", "data/reference", "data/sample"):
        for path in sorted(Path(root, part).rglob("*")):
            if path.is_file():
                path.stat()
                hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1])
