extensions = ["sphinx_policyspec"]
exclude_patterns = ["_build", "old"]
policyspec_since = "old/model_spec.md"
