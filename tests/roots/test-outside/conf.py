project = "Outside"
extensions = ["sphinx_policyspec"]
policyspec_base_irri = "https://example.org/"
