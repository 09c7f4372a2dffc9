"""The examples of docs/integrations.md do what they say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from tests.api.programs import Site, shared

__all__ = ["shared"]  # the fixture

PAGE = Path(__file__).parent.parent.parent / "docs" / "integrations.md"


def test_each_example_is_answered(shared: Site) -> None:
    text = PAGE.read_text().partition("## JSON API")[2]
    client = shared.clients["viewer"]
    values = {"TOKEN": shared.tokens["sam"], "URL": "", "ID": client.client.client_id, "SECRET": client.secret}
    examples = [
        example
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for example in block.replace("\\\n", " ").strip().split("\n")
    ]
    assert len(examples) == 4
    for example in examples:
        words = [re.sub(r"\$([A-Z]+)", lambda name: values[name[1]], word) for word in shlex.split(example)]
        assert words[0] == "curl"
        headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        sent = [words[at + 1] for at, word in enumerate(words) if word == "-d"]
        program = shared.app.test_client()
        if not sent:
            answer = program.get(words[-1], headers=headers)
        elif sent[0].startswith("{"):
            answer = program.post(words[-1], data=sent[0], headers=headers)
            assert json.loads(answer.text)["counts"] == {"recorded": 1}
        else:
            answer = program.post(words[-1], data=dict(pair.split("=", 1) for pair in sent))
        assert answer.status_code == 200, (example, answer.text)
