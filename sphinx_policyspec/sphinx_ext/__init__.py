"""The Sphinx extension: domain, directives, views and pages; the only importer of sphinx and docutils."""
