project = "Mixed"
copyright = "nobody"
version = release = "1"
extensions = ["sphinx_policyspec"]
html_theme = "alabaster"
policyspec_model_spec = ["upstream/model_spec.md"]
