project = "Twin"
extensions = ["sphinx_policyspec"]
keep_warnings = True
# Each option is written once, whatever the levels of its two ends.
policyspec_severity = {"preference-across-levels": "off"}
