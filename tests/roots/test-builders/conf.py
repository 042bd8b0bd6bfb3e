project = "Every builder"
version = "1"
copyright = "nobody"
extensions = ["myst_parser", "sphinx_policyspec"]
html_baseurl = "https://example.org/spec/"
man_pages = [("index", "everybuilder", "Every builder", ["us"], 1)]
policyspec_outputs = ["ttl", "nt"]
linkcheck_ignore = ["https?://.*"]
suppress_warnings = ["epub.unknown_project_files"]
# Each option is written once, whatever the levels of its two ends.
policyspec_severity = {"preference-across-levels": "off"}
