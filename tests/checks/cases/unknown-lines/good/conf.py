extensions = ["sphinx_policyspec"]
