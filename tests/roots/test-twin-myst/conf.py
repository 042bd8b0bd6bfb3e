project = "Twin"
extensions = ["sphinx_policyspec"]
myst_enable_extensions = ["colon_fence"]
keep_warnings = True
