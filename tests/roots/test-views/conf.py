project = "Views"
version = "1"
copyright = "nobody"
extensions = ["myst_parser", "sphinx_policyspec"]
man_pages = [("index", "views", "Views", ["us"], 1)]
suppress_warnings = ["epub.unknown_project_files"]
linkcheck_ignore = ["https?://.*"]
