from docutils.parsers.rst import Parser

extensions = ["sphinx_policyspec"]


class Upper(Parser):
    supported = ("upper",)

    def parse(self, inputstring, document):
        super().parse("\n\n" + inputstring.replace("!!", ".. "), document)


def setup(app):
    app.add_source_suffix(".upper", "upper")
    app.add_source_parser(Upper)
