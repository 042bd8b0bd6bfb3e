project = "Twin"
extensions = ["myst_parser", "sphinx_policyspec"]
myst_enable_extensions = ["colon_fence"]
keep_warnings = True
# Each option is written once, whatever the levels of its two ends.
policyspec_severity = {"preference-across-levels": "off"}
