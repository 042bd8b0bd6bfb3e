project = "Bad input"
extensions = ["sphinx_policyspec"]
