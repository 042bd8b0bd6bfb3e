project = "Include"
extensions = ["sphinx_policyspec"]
exclude_patterns = ["parts"]
