project = "Rebuild"
extensions = ["sphinx_policyspec"]
policyspec_annotations = ["notes.yaml"]
