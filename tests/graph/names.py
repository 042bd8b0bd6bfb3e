"""The names of the vocabulary as terms of rdflib, for tests that look into its graphs."""

from __future__ import annotations

from rdflib import Namespace

from sphinx_policyspec.graph.terms import PREFIXES

PS = Namespace(PREFIXES["ps"])
