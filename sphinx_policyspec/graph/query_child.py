"""The process that runs foreign queries: it loads a graph, and named ones with it, gives up its rights, and answers.

It is started as ``python -m sphinx_policyspec.graph.query_child`` and speaks through its standard
input and output: first the graph, then a query a line, each answered by a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

from pyoxigraph import RdfFormat, Store

from sphinx_policyspec.graph.answer import Answer
from sphinx_policyspec.graph.results import run


def main() -> None:
    """Serve until the input ends."""
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    settings = json.loads(requests.readline())
    store = Store()
    store.bulk_load(requests.read(settings["graph_bytes"]), format=RdfFormat.N_QUADS)
    if settings["confine"]:
        _confine(settings["memory_bytes"])
    _send(replies, {"ready": True})
    for request in requests:
        if settings["confine"]:
            _limit_cpu(settings["seconds"])
        _send(replies, _reply(store, json.loads(request), settings))


def _confine(memory: int) -> None:
    """Give up, for good, opening any file or socket, dumping core, and using more memory."""
    import resource  # noqa: PLC0415 - only where the system has it

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _limit_cpu(seconds: float) -> None:
    """Allow the next query so much processor time; the parent's deadline comes first."""
    import resource  # noqa: PLC0415 - only where the system has it

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + 2 * seconds) + 2, hard))


def _reply(store: Store, sparql: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Answer one query, or say why not."""
    try:
        answer = run(store, sparql, settings["rows"])
    except SyntaxError as error:
        return {"error": "syntax", "message": str(error.msg or error)}
    except MemoryError:
        return {"error": "memory"}
    except Exception as error:  # noqa: BLE001 - whatever the engine raises is told, and the next query served
        return {"error": "engine", "message": str(error)}
    if answer is None:
        return {"error": "rows"}
    if sum(len(cell.value) for row in answer.rows for cell in row) > settings["characters"]:
        return {"error": "characters"}
    return _encoded(answer)


def _encoded(answer: Answer) -> dict[str, Any]:
    return {
        "columns": answer.columns,
        "form": answer.form.value,
        "rows": [
            [(cell.kind.value, cell.value, cell.datatype, cell.language) for cell in row]
            for row in answer.rows
        ],
    }


def _send(replies: BinaryIO, reply: dict[str, Any]) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
