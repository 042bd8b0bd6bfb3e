"""Fetch the WebAssembly build of Oxigraph that the page "Ask the spec" runs, and check what is in the repository.

    python tools/vendor_oxigraph.py            # write the files anew; needs npm and its registry
    python tools/vendor_oxigraph.py --check    # only compare them with their checksums

The two files are those of the npm package, byte for byte, compressed: git and wheels hold 1.5 MB instead of 4.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "0.5.11"
INTEGRITY = "zKdgmp1tsrutGzC1lCCywwZRPpLJKaJnKSDWoY2hIhMiwiCRRXNN1DU7WUyTInBvgPKT8Y5N+RgwTL8qKXpLng=="
"""SHA-512 of the package, in base 64, as the registry states it."""
FOLDER = Path(__file__).resolve().parents[1] / "sphinx_policyspec" / "sphinx_ext" / "ask"
FILES = {
    "web.js": "2fcfdcadc79c9146cee98028a273aebc93df3282eb0299c248595bc529deca41",
    "web_bg.wasm": "b95b15accb6b789667b8d8b0b8f139d5de588e572499672ff37ce9ba01c4a428",
}
"""SHA-256 of each file of the package that we take."""


def fetch() -> None:
    """Download the package, check it, and write what we take of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"oxigraph@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        archive = Path(folder, f"oxigraph-{VERSION}.tgz")
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != INTEGRITY:
            sys.exit(f"{archive.name} has the checksum {found}, not {INTEGRITY}")
        with tarfile.open(archive) as package:
            for name in FILES:
                member = package.extractfile(f"package/{name}")
                if member is None:
                    sys.exit(f"{archive.name} has no file {name}")
                (FOLDER / f"{name}.gz").write_bytes(gzip.compress(member.read(), mtime=0))


def check() -> None:
    """End with a message unless the files of the repository are those of the package."""
    for name, wanted in FILES.items():
        found = hashlib.sha256(gzip.decompress((FOLDER / f"{name}.gz").read_bytes())).hexdigest()
        if found != wanted:
            sys.exit(f"{name}.gz holds a file with the checksum {found}, not {wanted}")


def main() -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    if not parser.parse_args().check:
        fetch()
    check()


if __name__ == "__main__":
    main()
