"""`roobridge transform` for each client: whose tools it knows, and by whose rules it reads."""

from __future__ import annotations

import msgspec
import pytest

from tests.cli.conftest import Run
from tests.cli.test_transform import COMMAND


def test_roos_own_tools_are_known_without_a_file(run: Run) -> None:
    out = run("transform", "--kind", "native", "--output", "json", stdin=COMMAND.encode()).out
    (call,) = msgspec.json.decode(out)["tool_calls"]
    assert call["name"] == "execute_command"
    assert call["arguments"]["command"] == "ls"


@pytest.mark.parametrize("client", ["cline", "qwen-code", "opencode"])
@pytest.mark.parametrize("kind", ["native", "native-other"])
def test_those_of_clients_without_a_grammar_of_native_tools_are_not(run: Run, client: str, kind: str) -> None:
    status, _, err = run("transform", "--kind", kind, "--client", client, stdin=b"x")
    assert status == 2
    assert "--tools" in err


@pytest.mark.parametrize(
    ("client", "kind", "reply", "name"),
    [
        ("zoo", "native", "All done.", "attempt_completion"),
        ("zoo", "native-other", COMMAND, "execute_command"),
        ("kilo", "native", "All done.", "attempt_completion"),
        (
            "kilo",
            "native-other",
            "<function=bash>\n<parameter=command>\nls\n</parameter>\n</function>",
            "bash",
        ),
    ],
)
def test_zoo_s_and_kilo_s_own_tools_are_known_too(
    run: Run, client: str, kind: str, reply: str, name: str
) -> None:
    out = run("transform", "--client", client, "--kind", kind, "--output", "json", stdin=reply.encode()).out
    (call,) = msgspec.json.decode(out)["tool_calls"]
    assert call["name"] == name


def test_zoo_and_old_kilo_are_read_by_roo_s_rules(run: Run) -> None:
    roo = run("transform", "--client", "roo", stdin=b"All done.")
    assert run("transform", "--client", "zoo", stdin=b"All done.") == roo
    assert run("transform", "--client", "kilo", "--client-version", "4.84.0", stdin=b"All done.") == roo
