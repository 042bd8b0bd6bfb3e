"""One server for the tests of a module, on copies of small specs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.language_server.editor import Editor, editor

RELEASE = """# Desk {#desk}

The desk answers readers.

## Be kind {#be_kind authority=user}

Be kind to every reader[^ab12]; see [?](#be_fair).

**Example**: a greeting

~~~xml
<user>
Hello
</user>
<comparison>
<assistant> <!-- GOOD -->
Hello to you.
</assistant>
<assistant> <!-- BAD [#be_fair]: cold -->
What?
</assistant>
</comparison>
~~~

## Be fair {#be_fair authority=root}

Never favour a reader over another; being [kind](#be_kind) is no excuse.

**Example**: two readers

~~~xml
<user>
Serve me first.
</user>
<comparison>
<assistant> <!-- GOOD -->
In turn.
</assistant>
<assistant> <!-- BAD -->
At once.
</assistant>
</comparison>
~~~
"""
PROMPTS = """Examples for [^ab12] in Be kind:

**Example**: a prompt

~~~xml
<user>
Good morning
</user>
~~~
"""
CASES = """- title: A greeting
  about: be_kind
  example: be_kind-a-greeting
  items:
    - {id: a, issue: tone, value: warm, principle: be_kind}
    - {id: b, issue: tone, value: cold, from: user, turn: 1}
"""


def write_release(folder: Path) -> Path:
    """Write a small release with a prompt file and a file of cases."""
    (folder / "examples").mkdir(parents=True)
    (folder / "cases").mkdir()
    (folder / "model_spec.md").write_text(RELEASE, "utf-8")
    (folder / "examples" / "ab12.md").write_text(PROMPTS, "utf-8")
    (folder / "cases" / "tone.yaml").write_text(CASES, "utf-8")
    (folder / "README.md").write_text("# About\n\nSee [x](#nowhere).\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor on a small release, whose text is open."""
    folder = write_release(tmp_path_factory.mktemp("release") / "desk")
    with editor(folder) as one:
        one.open("model_spec.md")
        yield one


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor on a copy of the example spec, with a page of each markup open."""
    folder = tmp_path_factory.mktemp("project") / "docs"
    shutil.copytree(REPOSITORY / "example_docs", folder, ignore=shutil.ignore_patterns("_build"))
    with editor(folder) as one:
        one.open("manner.md")
        one.open("charter.rst")
        yield one
