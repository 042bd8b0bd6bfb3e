"""The PDF handbook: pages as Typst code, compiled by the ``typst`` package."""
