"""Wrong ways to publish: each is told from the right one by a test that stands beside it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from sphinx_policyspec.publishing import catalogue, push
from sphinx_policyspec.publishing.endpoints import Server
from sphinx_policyspec.publishing.remote import RemoteBase
from tests.mutants import Mutant, mutated
from tests.publishing import test_datasets, test_faults, test_publish
from tests.publishing.graphs import held, limit_updates
from tests.publishing.proxies import Proxy
from tests.publishing.servers import Running

SWAP = "server.update(swap_update(wanted, staging, base), may_repeat=False)"
PIECES = "[server.update(one, may_repeat=False) for one in swap_update(wanted, staging, base).split(' ;\\n')]"
TURNS = (test_faults.test_two_that_take_turns_leave_a_catalogue_that_tells_the_truth,)
BETWEEN = (test_faults.test_whoever_comes_in_between_ends_whole_and_so_do_we,)
WITHIN = "with_dataset(sparql, graphs.default, graphs.named) if graphs else sparql"
FROM = '[("query", text)]'
BESIDE = '[("query", sparql), *(("default-graph-uri", one) for one in (graphs.default if graphs else ())), *(("named-graph-uri", one) for one in (graphs.named if graphs else ()))]'
DEAF = (test_datasets.test_a_server_that_is_deaf_to_what_stands_beside_a_query_looks_at_the_same_graphs,)

MUTANTS = {
    "swap without the count check": Mutant(push, "_swap", "_check_count(server, staging, len(graph.lines))", "pass", (test_faults.test_a_graph_of_which_the_server_loses_some_takes_no_place,)),
    "diff on lines of text": Mutant(test_publish, "lines_in", "ntriples_lines(streamed_triples(path))", "path.read_text().splitlines(True)", (test_publish.test_lines_are_compared_as_statements,)),
    "catalogue in a request of its own": Mutant(push, "_swap", SWAP, PIECES, BETWEEN),
    "a swap is sent again": Mutant(push, "_swap", "may_repeat=False", "may_repeat=True", (test_faults.test_a_swap_is_not_sent_twice,)),
    "credentials go where a redirect leads": Mutant(Server, "_auth", "_origin(url) not in origins", "False", (test_publish.test_credentials_go_to_no_other_host_and_into_no_message,)),
    "graphs of others are pruned": Mutant(catalogue, "is_below", 'graph.startswith(f"{base}release/")', "True", (test_publish.test_another_spec_below_the_same_address_is_left_alone,)),
    "all graphs are asked": Mutant(RemoteBase, "ask", "self._server.select(text, graphs)", "self._server.select(text)", (test_publish.test_every_question_is_answered_there_as_in_memory,)),
    "`FROM` is left out": Mutant(Server, "_send_query", WITHIN, "sparql", DEAF),
    "graphs stand beside a query": Mutant(Server, "_send_query", FROM, BESIDE, DEAF),
    "a staged graph that is gone takes the place": Mutant(push, "swap_update", "_claim(staging, graph, base)", "''", BETWEEN),
    "one name for what all stage": Mutant(push, "staging_name", "secrets.token_hex(8)", "1", TURNS),
    "an update is taken for done": Mutant(push, "_push", "not _is_settled(server, base, wanted)", "False", BETWEEN),
    "an update whatever the catalogue says": Mutant(catalogue._Steps, "change", "WHERE {{ {self.condition} }}", "WHERE {{ }}", BETWEEN),
    "two digests, and one is believed": Mutant(push, "read_catalogue", 'else ""', "else entry.digest", (test_faults.test_two_digests_are_none,)),
    "what is left is left": Mutant(push, "publish_spec", "catalogue.staged and not dry_run", "False", (test_faults.test_what_others_have_staged_is_removed_at_the_end_and_other_graphs_are_not,)),
}  # fmt: skip


def run(killer: Any, given: dict[str, Any]) -> None:
    """Run a test, once for each value of its one parameter."""
    marks = [mark for mark in getattr(killer, "pytestmark", ()) if mark.name == "parametrize"]
    for value in marks[0].args[1] if marks else [None]:
        more = {marks[0].args[0]: value} if marks else {}
        killer(
            **{name: given[name] for name in inspect.signature(killer).parameters if name in given}, **more
        )


LONG = {name for name, mutant in MUTANTS.items() if mutant.killers in {BETWEEN, TURNS}}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in MUTANTS]
)
def test_a_wrong_way_is_found_out(
    name: str, proxy: Proxy, oxigraph: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    mutant = MUTANTS[name]
    limit_updates(monkeypatch)
    monkeypatch.setattr(push, "_graph_lines", held)
    monkeypatch.setattr(mutant.owner, mutant.name, mutated(mutant))
    given = {
        "proxy": proxy,
        "oxigraph": oxigraph,
        "server": oxigraph,
        "monkeypatch": monkeypatch,
        "tmp_path": tmp_path,
    }
    with pytest.raises((Exception, pytest.fail.Exception)):
        run(mutant.killers[0], given)
