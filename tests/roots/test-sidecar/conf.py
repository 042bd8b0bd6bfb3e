project = "Sidecar"
extensions = ["sphinx_policyspec"]
policyspec_annotations = ["notes.yaml"]
