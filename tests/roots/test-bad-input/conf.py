project = "Bad input"
extensions = ["myst_parser", "sphinx_policyspec"]
