project = "Aims"
extensions = ["sphinx_policyspec"]
exclude_patterns = ["shared"]
keep_warnings = True
