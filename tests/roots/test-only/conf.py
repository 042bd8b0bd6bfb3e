project = "Only"
extensions = ["sphinx_policyspec"]
