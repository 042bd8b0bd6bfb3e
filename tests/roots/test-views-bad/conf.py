project = "Bad views"
extensions = ["myst_parser", "sphinx_policyspec"]
