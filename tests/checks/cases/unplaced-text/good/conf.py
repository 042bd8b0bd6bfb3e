project = "Case"
extensions = ["sphinx_policyspec"]
root_doc = "index"


def _fill_in(_app, _docname, source):
    source[0] = source[0].replace("%LEVEL%", "user").replace("%RULES%", "Be kind to all.\n\nBe kind again.")


def setup(app):
    app.connect("source-read", _fill_in)
