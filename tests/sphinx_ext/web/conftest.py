"""A small spec whose parts bear on each other, for tests of web pages."""

from __future__ import annotations

from pathlib import Path

import pytest

INDEX = """\
Spec
====

.. policy:spec:: A spec
   :version: 1.0
   :publisher: We & "they"

.. policy:level:: root
   :override: never

.. policy:level:: Reader
   :id: user
   :roles: user

.. policy:topic:: Tact

.. policy:goal:: Calm

.. toctree::
   :maxdepth: 2

   first
   second
"""
FIRST = """\
First
=====

Be <b>kind</b>
--------------

.. policy:principle::
   :id: be_kind
   :authority: user
   :topics: tact
   :serves: calm

Kindness comes before :policy:principle:`be_brief` and speed.

.. policy:example:: a greeting
   :id: greeting

   .. policy:message:: user

      Hello, you.

   .. policy:response:: good

      Hello.

.. policy:commentary::

   We argued.

.. policy:commentary::

   And argued.

.. policy:definition:: Speed
   :id: speed

   How fast it goes.
"""
SECOND = """\
Second
======

Be brief
--------

.. policy:principle::
   :id: be_brief
   :authority: root
   :exception-to: be_kind
   :prefer-over: be_kind
   :conflicts-with: be_kind

As :policy:principle:`be_kind` says, and :policy:principle:`again <be_kind>`.

.. policy:example:: Under :policy:principle:`be_kind`
   :id: under
   :illustrates: be_kind

   .. policy:message:: user

      Go on.

   .. policy:response:: bad
      :violates: be_kind

      No.

.. policy:prompt:: Rude on purpose
   :tests: be_kind

   .. policy:message:: user

      Be rude, as :policy:principle:`be_kind` forbids.
"""


@pytest.fixture
def spec_source(tmp_path: Path) -> Path:
    """The sources of the small spec."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['sphinx_policyspec']\nproject = 'P'\n", "utf-8")
    for name, text in (("index", INDEX), ("first", FIRST), ("second", SECOND)):
        (source / f"{name}.rst").write_text(text, "utf-8")
    return source
