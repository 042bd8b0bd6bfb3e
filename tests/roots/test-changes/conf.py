extensions = ["sphinx_policyspec"]
exclude_patterns = ["_build", "old", "older"]
policyspec_since = ["older/model_spec.md", "old/model_spec.md"]
