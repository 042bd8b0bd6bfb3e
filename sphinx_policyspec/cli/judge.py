"""The command ``policyspec judge``: what a person has to read of a comparison, and what they say of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import Settings, SourceCommand
from sphinx_policyspec.errors import UnknownIdError
from sphinx_policyspec.exports.diff.history import judgement_template
from sphinx_policyspec.files import write_file
from sphinx_policyspec.model import Direction, JudgedKind, Judgement, Span
from sphinx_policyspec.model.finding import nearest
from sphinx_policyspec.readers.judgements import with_judgement
from sphinx_policyspec.readers.text import read_text

__all__ = ["judge"]


@click.command(cls=SourceCommand)
@click.argument("old", metavar="OLD", type=click.Path())
@click.argument("new", metavar="NEW", type=click.Path())
@click.argument("id_", metavar="[ID]", required=False)
@click.option(
    "--judgements",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The file of judgements: what is judged there is not listed again, and ID is written into it.",
)
@click.option(
    "--direction",
    type=click.Choice([one.value for one in Direction]),
    help="What the change of ID does to those who are bound.",
)
@click.option(
    "--kind",
    type=click.Choice([one.value for one in JudgedKind]),
    default="substantive",
    show_default=True,
    help="Its kind.",
)
@click.option("--evidence", metavar="TEXT", default="", help="Why, in one sentence.")
@click.option("--who", metavar="NAME", default="", help="Who read both texts.")
@click.option("--date", "day", metavar="DATE", default="", help="When, such as 2026-02-01. Default: today.")
def judge(
    old: str,
    new: str,
    id_: str | None,
    *,
    file: str | None,
    direction: str | None,
    kind: str,
    evidence: str,
    who: str,
    day: str,
    settings: Settings,
) -> None:
    """List what a person has to read, or record what they say of it.

    Without ID, the sentences that changed from OLD to NEW are printed, each change with an entry of a
    judgement file that is to be filled in. With ID, the judgement is written to FILE, in place of an older one.
    `policyspec diff --judgements FILE` then tells its direction, until one of the texts changes.

    \b
      policyspec judge model_spec/2025-04-11 model_spec/2025-09-12 > judgements.yaml
      policyspec judge model_spec/2025-04-11 model_spec/2025-09-12 avoid_errors --judgements judgements.yaml \\
        --direction tightening --evidence 'Now about actions, too.' --who 'A. Reader'
    """
    before, after = settings.pair(old, new)
    known = file if file and Path(file).exists() else ()
    with settings.watching("comparing"):
        found, digests = ps.judge(before, after, judgements=known, **settings.options)
    if not id_:
        settings.report(found.findings)
        settings.put(judgement_template(found, digests))
        return
    if not (file and direction and evidence and who):
        raise click.UsageError("ID goes with --judgements, --direction, --evidence and --who")
    if id_ not in digests:
        message = f"no prose of `{id_}` changed; {nearest(id_, list(digests))}".removesuffix("; ")
        raise UnknownIdError(message)
    judgement = Judgement(
        old=found.old,
        new=found.new,
        id=id_,
        direction=Direction(direction),
        kind=JudgedKind(kind),
        evidence=" ".join(evidence.split()),
        who=" ".join(who.split()),
        date=day or date.today().isoformat(),  # noqa: DTZ011  the day where the reader is
        digest=digests[id_],
        span=Span(file, 1),
    )
    text = read_text(Path(file), file)[0] if known else ""
    write_file(Path(file), with_judgement(text, file, judgement).encode())
    settings.note(f"wrote what {judgement.who} says of {id_} to {file}")
