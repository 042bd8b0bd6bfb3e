"""Exceptions for input that cannot be used at all; trouble inside a text is a Finding."""


class PolicySpecError(Exception):
    """Base of every exception that this package raises on purpose.

    The message is written for the person at the keyboard: lower case, no full stop, with the
    file or the name it is about and a hint where one is known.

    :param command: what to do about it on a command line; callers without one, such as agents, get the ``problem`` alone
    """

    def __init__(self, problem: str = "", *, command: str = "") -> None:
        super().__init__(problem)
        self.problem, self.command = problem, command

    def __str__(self) -> str:
        """Return the problem, and what to do about it."""
        return "; ".join(filter(None, (self.problem, self.command)))


class SourceError(PolicySpecError):
    """A SOURCE that cannot be read: it does not exist, is of no known kind, or is too large."""


class AnnotationError(PolicySpecError):
    """An annotation file (sidecar) that is not YAML of the expected shape."""


class QueryError(PolicySpecError):
    """A question that is unknown, malformed, or given parameters it does not take.

    :param line: the line of the query that is wrong, 0 if there is none
    """

    def __init__(self, problem: str, line: int = 0, *, command: str = "") -> None:
        super().__init__(problem, command=command)
        self.line = line


class QueryLimitError(QueryError):
    """A query that was stopped by the guard: too long, too deep, too slow, or too many rows.

    :param is_of_process: whether it used up what its process may have: its time, its memory
    """

    def __init__(self, message: str, line: int = 0, *, is_of_process: bool = False) -> None:
        super().__init__(message, line)
        self.is_of_process = is_of_process


class ServerError(PolicySpecError):
    """A server that does not do what it is asked: it cannot be reached, refuses, or sends what cannot be read."""


class QueryWarning(UserWarning):
    """A question with a name that nothing has, so that it finds nothing there."""


class SourceWarning(UserWarning):
    """A SOURCE without a principle: every question about it has an empty answer, as if all were well."""


class UnknownIdError(PolicySpecError, KeyError):
    """An id that nothing in a spec has."""

    __str__ = PolicySpecError.__str__


class WriteError(PolicySpecError):
    """A file that cannot be written: no room, no right, no such folder."""


class MissingToolError(PolicySpecError):
    """A program or optional package is absent; the message names what installs it."""


class ReasonerError(PolicySpecError):
    """A reasoner that ended without an answer."""


class StarterError(PolicySpecError):
    """A new project that cannot be written: its folder is not empty, or its title is not plain."""


class BaselineError(PolicySpecError):
    """A baseline of known findings that cannot be understood."""


class LockError(PolicySpecError):
    """A lock file that cannot be understood."""


class CodeError(PolicySpecError):
    """A name that is neither a code of a finding nor a category of codes."""


class SchemaError(PolicySpecError):
    """An unknown name of a JSON Schema, or of a form of a result."""


class PdfError(PolicySpecError):
    """A PDF that cannot be made: a font is absent, or has no letter for a text."""
