project = "Translated"
extensions = ["myst_parser", "sphinx_policyspec"]
language = "de"
locale_dirs = ["locale"]
gettext_compact = False
