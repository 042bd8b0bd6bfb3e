"""Sphinx configuration of Marginalia, the example spec."""

project = "Marginalia"
author = "Alder Valley Libraries"
copyright = author  # noqa: A001
version = release = "2.1"

extensions = ["myst_parser", "sphinx_policyspec"]
exclude_patterns = ["_build", "decisions", "proposals"]
myst_enable_extensions = ["colon_fence"]
html_theme = "furo"
html_title = "Marginalia"
# Nothing here is marked for a general index, which would be empty; those of policy-levels and the like are pages of their own.
html_use_index = False
epub_use_index = False

# Readers write to Marginalia in Arabic, Chinese and Ukrainian: LuaLaTeX sets each in its own direction and font.
latex_engine = "lualatex"
latex_elements = {
    "polyglossia": "",
    "babel": r"\usepackage[english, bidi=basic]{babel}",
    "preamble": r"""
\babelprovide[import, onchar=ids fonts]{arabic}
\babelfont[arabic]{rm}{FreeSerif}
\IfFontExistsTF{Noto Serif CJK SC}{
  \babelprovide[import, onchar=ids fonts]{chinese-hans}
  \babelfont[chinese-hans]{rm}{Noto Serif CJK SC}
}{}
""",
}

policyspec_ask_page = True
policyspec_annotations = ["outside.yaml"]
policyspec_feedback = "feedback.yaml"
policyspec_decisions = ["decisions/*.md"]
policyspec_proposals = ["proposals/*.md"]
policyspec_base_iri = "https://marginalia.example/spec/"
