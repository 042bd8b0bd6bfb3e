"""Sphinx configuration of Marginalia, the example spec."""

project = "Marginalia"
author = "Alder Valley Libraries"
copyright = author  # noqa: A001
version = release = "2.1"

extensions = ["myst_parser", "sphinx_policyspec"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
html_theme = "furo"
html_title = "Marginalia"

policyspec_base_iri = "https://marginalia.example/spec/"
