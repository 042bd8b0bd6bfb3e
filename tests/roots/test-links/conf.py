project = "Links"
extensions = ["sphinx_policyspec"]
nitpicky = True
