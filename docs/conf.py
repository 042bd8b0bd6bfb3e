"""How the project documents itself: with Sphinx, MyST and its own extension."""

from __future__ import annotations

import importlib.metadata

project = "sphinx_policyspec"
author = "The sphinx_policyspec authors"
project_copyright = f"2026, {author}"
release = importlib.metadata.version("sphinx-policyspec")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_policyspec"]
# The ontology is published beside the pages that describe it; ontology/w3id leads from its IRI to either.
html_extra_path = [
    f"../ontology/{name}" for name in ("policyspec.ttl", "alignments.ttl", "shapes.ttl", "context.jsonld")
]
html_theme = "furo"
html_title = f"{project} {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

# Other projects' objects would need their inventories, and a build of ours uses no network.
nitpick_ignore_regex = [(r"py:.*", r"(?!sphinx_policyspec\.).*")]
