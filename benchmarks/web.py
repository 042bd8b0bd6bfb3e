"""``python -m benchmarks.web``: what web pages cost beyond their text, in time and in bytes."""

from __future__ import annotations

import gzip
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.measure import Contender, command, compare, table

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "sphinx_policyspec" / "sphinx_ext" / "static"
MOST = 1.3
"""How much longer a build may take for what web pages have: panels, words for levels, metadata and data."""
MORE_BYTES = 3_000_000
SCRIPT = 15_000

PLAIN = """
import sys
from sphinx_policyspec.sphinx_ext.build import build, outputs
from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages
build.write_data = lambda *_: None
build.write_graph = lambda *_: ()
outputs.WEB_BUILDERS = ()
HandbookPages.update = lambda *_: set()
for name in ("prepare", "decorate", "show_levels", "tell_machines"):
    setattr(HandbookPages, name, lambda *_: None)
"""
"""A build without any of it."""
BUILD = "from sphinx.cmd.build import main\nsys.exit(main(sys.argv[1:]))"


def main() -> None:
    """Measure and print; the exit status is 1 where a bound is missed."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = compare(
            [
                Contender(name="without", run=partial(_build, place / "plain", PLAIN)),
                Contender(name="with", run=partial(_build, place / "whole", "import sys\n")),
            ],
            runs=5,
            times_floor={"with": MOST},
        )
        print(table("example spec, full build", rows))
        sites = {"example spec": (place / "plain", place / "whole")}
        release = ROOT.parent / "shared" / "data" / "model_spec" / "2025-09-12"
        if release.is_dir():
            for name, preparation in (("plain release", PLAIN), ("release", "import sys\n")):
                _handbook(release, place / name, preparation)
            sites["release"] = (place / "plain release", place / "release")
        kept = all(row.kept for row in rows)
        for name, (plain, whole) in sites.items():
            extra = _size(whole) - _size(plain)
            kept &= extra <= MORE_BYTES
            print(f"\n{name}: {extra / 1e6:.2f} MB above its plain site ({_size(plain) / 1e6:.2f} MB)")
    for suffix in ("js", "css"):
        size = len(gzip.compress((STATIC / f"policyspec.{suffix}").read_bytes()))
        kept &= size <= SCRIPT
        print(f"policyspec.{suffix}: {size} bytes, gzipped")
    sys.exit(not kept)


def _build(folder: Path, preparation: str) -> float:
    """Build the example spec anew; return the CPU seconds."""
    source, out = ROOT / "example_docs", folder
    program = preparation + BUILD
    return command(
        "", sys.executable, "-c", program, "-q", "-E", "-a", source, out, "-d", f"{out}-trees"
    ).run()


def _handbook(source: Path, out: Path, preparation: str) -> None:
    """Make the handbook of a release."""
    program = f"{preparation}from sphinx_policyspec.cli import main; main()"
    command("", sys.executable, "-c", program, "handbook", source, "-o", out).run()


def _size(folder: Path) -> int:
    """Return the bytes of a site, the page "Ask the spec" left out: who wants it accepts its weight."""
    files = (file for file in folder.rglob("*") if file.is_file() and "policyspec-ask" not in str(file))
    return sum(file.stat().st_size for file in files)


if __name__ == "__main__":
    main()
