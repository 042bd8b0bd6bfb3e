project = "Aims"
extensions = ["myst_parser", "sphinx_policyspec"]
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["shared"]
keep_warnings = True
