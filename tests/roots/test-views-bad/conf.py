project = "Bad views"
extensions = ["sphinx_policyspec"]
