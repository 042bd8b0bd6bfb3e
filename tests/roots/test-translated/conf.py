project = "Translated"
extensions = ["sphinx_policyspec"]
language = "de"
locale_dirs = ["locale"]
gettext_compact = False
