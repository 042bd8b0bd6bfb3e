"""The policyspec command: a short function per subcommand, and the only place that prints."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
from click.shell_completion import BashComplete, CompletionItem, get_completion_class

import sphinx_policyspec as ps
from sphinx_policyspec.cli.options import (
    Settings,
    SourceCommand,
    form_option,
    output_option,
    source_argument,
)
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.exports import json_object, message_line
from sphinx_policyspec.files import dump_json, number_of, printable
from sphinx_policyspec.graph.terms import FORMATS, VOCABULARIES
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.starter import MARKUPS

_UNUSABLE = 2
_INTERRUPTED = 128 + 2
"""Status of a program that SIGINT ended."""
_BROKEN_PIPE = 128 + 13
"""Status of a program that SIGPIPE ended."""


@contextlib.contextmanager
def _closed_pipe() -> Iterator[None]:
    """End the program if nobody reads on, as in ``| head``; click would exit with 1, which has another meaning."""
    try:
        yield
    except BrokenPipeError:
        _discard(sys.stdout)
        sys.exit(_BROKEN_PIPE)


def _discard(stream: TextIO | None) -> None:
    """Discard the buffer of a standard stream, so that it does not fail again at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]  # may be closed


class _Messages(io.TextIOBase):
    """Standard error; if it is full or closed, messages are lost, but not the answer."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the stream has
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text) if self._stream else len(text)
        except OSError:
            _discard(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            if self._stream:
                self._stream.flush()
        except OSError:
            _discard(self._stream)


_MODULES = {
    "serving": ("serve",),
    "alignments": ("align",),
    "check": ("check",),
    "packs": ("context",),
    "decide": ("resolve", "survey"),
    "diff": ("changelog", "diff", "history", "judge", "lock"),
    "feedback": ("feedback",),
    "drafting": ("draft",),
    "evals": ("prompts", "results"),
    "handbook": ("handbook",),
    "language_server": ("lsp",),
    "overlays": ("overlay",),
    "proposals": ("propose",),
    "publishing": ("publish",),
    "query": ("graph", "query", "reason"),
    "training": ("training",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
"""The module of each command, imported only when it is needed: together they take 10 MiB."""


class Commands(click.Group):
    """The command itself; it handles a closed pipe before click does."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *_MODULE_OF})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command."""
        if cmd_name not in _MODULE_OF:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"sphinx_policyspec.cli.{_MODULE_OF[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401  click's own signature
        """Read the command line, and print help if it is requested."""
        with _closed_pipe():
            return super().make_context(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words before the subcommand; without any word, ask for help."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand; click itself suggests the nearest name only among imported commands."""
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing:
            hint = nearest(args[0], names)
            raise click.UsageError("; ".join(filter(None, (f"unknown command `{args[0]}`", hint))), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Run a subcommand."""
        with _closed_pipe():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sphinx-policyspec", prog_name="policyspec")
def commands() -> None:
    """Query, check and publish a behaviour spec for AI systems.

    A behaviour spec is a document of principles, each with a level of authority, with examples that
    fix their boundaries. Begin one with `policyspec init DIR`, or try any Model Spec release:

    \b
      policyspec stats model_spec/2025-09-12
      policyspec query --list
      policyspec query model_spec/2025-09-12 user-overridable-defaults-touching --param topic=honesty
      policyspec handbook model_spec/2025-09-12 -o site

    Exit status: 0 done, 1 only from commands that judge, 2 unusable input or usage.
    """


@commands.command(cls=SourceCommand)
@source_argument
@click.option(
    "--trends", "over_time", is_flag=True, help="Count words and sentences of each section in each release."
)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    help="With --trends: the depth of sections to list; 1, the default, lists chapters only.",
)
@form_option(forms=("json", "text", "csv"), default="json")
@output_option
def stats(
    source: str, *, over_time: bool, depth: int | None, form: str, output: str | None, settings: Settings
) -> None:
    """Count what SOURCE holds: examples, prompts and more.

    With --trends, SOURCE may be a folder of releases, or a graph file with several. Sentences are found
    by rules for English, and words by the blanks between them. The numbers are not a target: nothing
    fails because of them.

    \b
      policyspec stats model_spec --trends --format text
    """
    if over_time:
        settings.show(ps.section_trends(settings.releases(source), depth or 1), form, output)
        return
    if depth or form == "csv":
        raise click.UsageError(f"{'--depth' if depth else '--format csv'} is for --trends")
    loaded = settings.read(source)
    numbers = ps.stats(loaded)
    if form == "json":
        settings.put(f"{dump_json(numbers, indent=1)}\n", output)
        return
    lines = []
    for name, value in numbers.items():
        inner = (
            ", ".join(f"{key} {number}" for key, number in value.items())
            if isinstance(value, dict)
            else value
        )
        lines.append(printable(f"{name.replace('_', ' '):20} {inner}"))
    lines += map(printable, loaded.spec.who_may_override())
    settings.put("".join(f"{line}\n" for line in lines), output)


@commands.command()
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option(
    "--markup",
    type=click.Choice(list(MARKUPS)),
    default="myst",
    show_default=True,
    help="Markup of the pages: MyST Markdown or reStructuredText.",
)
@click.option("--title", metavar="TEXT", default="", help="Title of the spec. Default: the name of DIR.")
def init(folder: str, markup: str, title: str) -> None:
    """Begin a spec in DIR, a new or empty folder.

    It creates a Sphinx project with two topics, two principles that have an example with a good and a
    bad answer each, and a page of questions that every build answers. Replace the text and keep the
    form.

    \b
      policyspec init spec
      policyspec init spec --markup rst --title 'The shop assistant'
    """
    if not folder:
        raise click.BadParameter("it is empty; `.` is the current folder", param_hint="DIR")
    files = ps.init_project(folder, markup=markup, title=title)
    place = shlex.quote(folder)
    click.echo(
        printable(f"{number_of(len(files), 'file')} in {folder}: {' '.join(file.name for file in files)}")
        + "\nNext:\n"
        f"  sphinx-build -nW --keep-going -b html {place} {shlex.quote(str(Path(folder, '_build', 'html')))}\n"
        f"  policyspec query {place} user-overridable-defaults-touching --param topic=honesty\n"
        f"  policyspec check {place}\n"
        f"  policyspec graph {place} -o {shlex.quote(str(Path(folder, 'spec.ttl')))}"
    )


def _schemas(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in (*ps.list_schemas(), *VOCABULARIES) if name.startswith(typed)]


@commands.command()
@click.argument("name", metavar="NAME", shell_complete=_schemas)
@form_option(forms=FORMATS, default=None, about="RDF syntax of ontology and shapes.  [default: ttl]")
def schema(name: str, form: str | None) -> None:
    """Print the JSON Schema of a file or an output, or the ontology.

    NAME is the schema of a file that you write, such as annotations, cases or judgements, or of the
    output of a command with --format json, such as diff. The output of check --format baseline is
    called baseline, of lock --check lock-check, and of query --list questions. Save the schema of a
    file next to it and name it in the first line of the file, where editors with the YAML language
    server look. ontology is the meaning of classes and properties (OWL), shapes what a graph must
    satisfy (SHACL):

    \b
      policyspec schema annotations > annotations.schema.json
      # yaml-language-server: $schema=annotations.schema.json
      policyspec schema ontology --format rdf > policyspec.rdf
    """
    if name in VOCABULARIES:
        click.echo(ps.vocabulary(name, form or "ttl"), nl=False)
    elif name not in ps.list_schemas():
        names = (*ps.list_schemas(), *VOCABULARIES)
        hint = nearest(name, names) or f"known are {', '.join(names)}"
        raise click.BadParameter(f"unknown schema `{name}`; {hint}", param_hint="NAME")
    elif form is not None:
        raise click.UsageError(
            f"--format is for {' and '.join(VOCABULARIES)}, which are RDF; `{name}` is JSON"
        )
    else:
        click.echo(json.dumps(ps.json_schema(name), indent=2, ensure_ascii=False))


@commands.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes commands in your shell.

    It also completes questions with their parameters and values, codes of findings and severities, ids,
    and schemas.

    \b
      policyspec completion bash >> ~/.bashrc
    """
    kind = _Bash if shell == "bash" else get_completion_class(shell)
    if kind is not None:
        click.echo(kind(commands, {}, "policyspec", "_POLICYSPEC_COMPLETE").source())


class _Bash(BashComplete):
    """Completion in bash, which treats `=` and `:` as ends of words, and replaces only the text after them."""

    source_template = r"""%(complete_func)s() {
    local IFS=$'\n' words=() place=0 i before type value response
    for i in "${!COMP_WORDS[@]}"; do
        if ((i > 1)) && [[ ${COMP_WORDS[i]} == [=:] || ${COMP_WORDS[i-1]} == [=:] ]]; then
            words[-1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
        ((i == COMP_CWORD)) && place=$((${#words[@]} - 1))
    done
    before=${words[place]%%"${words[place]##*[=:]}"}
    response=$(COMP_WORDS="${words[*]}" COMP_CWORD=$place %(complete_var)s=bash_complete "$1")
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("${value#"$before"}")
                [[ $value != *= ]] || compopt -o nospace ;;
        esac
    done <<< "$response"
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


def main() -> NoReturn:
    """Run the command line; a problem with the input is one line on standard error and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal with a small character set shows what it can.
            stream.reconfigure(errors="backslashreplace")
    # What it would log with a traceback is one of our findings or errors.
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    with contextlib.redirect_stderr(_Messages(sys.stderr)), _closed_pipe():
        if sys.stdout is None:
            click.echo("policyspec: error: standard output is closed", err=True)
            sys.exit(_UNUSABLE)
        status = _run()
    sys.exit(status)


def _run() -> int:
    """Run the command line and return its status."""
    try:
        status = commands(prog_name="policyspec", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except click.ClickException as error:
        # It quotes the arguments, which may contain line ends and terminal codes.
        error.message = message_line(error.message)  # type: ignore[misc]  # final, and shown by it alone
        error.show()
        _put_error(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except PolicySpecError as error:
        click.echo(f"policyspec: error: {message_line(str(error))}", err=True)
        _put_error(str(error))
    except (OSError, MemoryError, ImportError, RuntimeError) as error:
        if isinstance(error, OSError):
            message = f"{error.filename}: " if error.filename else ""
            message += error.strerror or str(error)
        elif _lacks_memory(error):
            # Everything that was read is freed by now.
            command = shlex.join(sys.argv[1:])
            message = f"not enough memory for `{command}`: allow more (`ulimit -v`), or split the SOURCE"
        else:
            raise
        click.echo(f"policyspec: error: {message_line(message)}", err=True)
        _put_error(message)
        _discard(sys.stdout)
    else:
        return status if isinstance(status, int) else 0
    return _UNUSABLE


def _put_error(error: str) -> None:
    """Print why a command failed in the format of its output, as far as its command line can be read."""
    name, *rest = sys.argv[1:] or [""]
    is_check = name == "check"
    # Memory or disk space may run out again; standard error already has the message.
    with contextlib.suppress(OSError, MemoryError, ImportError):
        # Of an unknown command only the format can be read.
        unknown = click.Command(name, params=[click.Option(["--format", "form"])])
        command = commands.get_command(click.Context(commands), name) or unknown
        while isinstance(command, click.Group) and rest:
            name, *rest = rest
            command = command.get_command(click.Context(command), name) or unknown
        params = command.make_context(name, rest, resilient_parsing=True, ignore_unknown_options=True).params
        form, source = params.get("form"), params.get("source") or next(iter(params.get("sources") or ()), "")
        if form == "json":
            click.echo(json_object({}, errors=[message_line(error)]), nl=False)
        elif is_check and form not in {None, "text", "baseline"}:
            click.echo(ps.render(ps.Report.unusable(source or "", message_line(error)), form), nl=False)
        sys.stdout.flush()


def _lacks_memory(error: Exception) -> bool:
    """Return whether something failed for lack of memory: an allocation, mapping a library, or starting a thread."""
    return isinstance(error, MemoryError) or any(
        phrase in str(error) for phrase in ("failed to map segment", "can't start new thread")
    )
