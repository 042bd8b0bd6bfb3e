project = "Rebuild"
extensions = ["myst_parser", "sphinx_policyspec"]
policyspec_annotations = ["notes.yaml"]
policyspec_severity = {"no-user-level": "off"}
policyspec_llms = True
