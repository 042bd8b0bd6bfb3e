"""A spec without a Latin letter in what readers see but names: whatever else is Latin on its pages is ours."""

project = "Δοκιμή"
author = copyright = "Εκδότες"  # noqa: A001
version = release = "2"
extensions = ["sphinx_policyspec"]
exclude_patterns = ["older"]
html_theme = "basic"
html_title = project
policyspec_ask_page = True
policyspec_since = "older"
policyspec_results = "results.jsonl"
policyspec_results_baseline = "x8"
policyspec_triage = "triage.yaml"
