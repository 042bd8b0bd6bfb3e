project = "On paper"
release = "3"
author = "nobody"
extensions = ["myst_parser", "sphinx_policyspec"]
numfig = True
myst_enable_extensions = ["dollarmath"]
exclude_patterns = ["_build"]
# The pictures without a description and the dates of this spec are what the tests are about.
policyspec_severity = {"coverage": "off"}
