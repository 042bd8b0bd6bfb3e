project = "Rebuild"
extensions = ["sphinx_policyspec"]
