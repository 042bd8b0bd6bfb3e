project = "Links"
extensions = ["myst_parser", "sphinx_policyspec"]
nitpicky = True
