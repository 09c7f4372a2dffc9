"""The document and what it promises: schemathesis asks every operation what it allows and what it does not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from tests.api.programs import Site, on_its_day, shared
from tests.conftest import make_settings
from tracker import create_app
from tracker.api.v1 import views
from tracker.api.v1.door import OPERATIONS, Operation

__all__ = ["shared", "views"]  # the fixture, and what fills the table of operations

EXAMPLES = int(os.environ.get("TRACKER_API_EXAMPLES", "8"))


@pytest.fixture(scope="module")
def contract(shared: Site) -> Any:
    """What is promised, asked of the application itself."""
    config = schemathesis.Config.from_dict({"generation": {"mode": "all", "max-examples": EXAMPLES}})
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app=shared.app, config=config)


few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", ["sam", "viv"])
@pytest.mark.parametrize("its", OPERATIONS, ids=lambda its: its.name)
def test_each_answer_is_as_the_document_says(contract: Any, shared: Site, its: Operation, who: str, mode: Any) -> None:
    """What is allowed is taken, what is not is refused, and every answer is of a status, a kind and a shape it promises."""
    asked = contract[_path(its)][its.method]
    headers = {"Authorization": f"Bearer {shared.tokens[who]}", "Accept-Encoding": "identity"}

    @few
    @given(case=asked.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "there is nothing that could be said wrongly"


def _path(its: Operation) -> str:
    return "/api/v1" + its.rule.replace("<", "{").replace(">", "}")


def test_every_field_says_what_it_means_and_gives_an_example(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, f"sqlite:///{tmp_path}/tracker.db"))
    spec = app.test_client().get("/api/v1/openapi.json").get_json()
    assert spec["openapi"] == "3.1.0"
    for name, shape in spec["components"]["schemas"].items():
        assert shape.get("description") or "enum" in shape, name
        for field, said in shape.get("properties", {}).items():
            assert said.get("description"), (name, field)
            assert said.get("examples"), (name, field)
    for path, item in spec["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert {"401", "403", "404"} <= set(operation["responses"]), path
            assert all(part.get("description") for part in operation.get("parameters", [])), path


def test_the_document_and_its_page_hold_nobodys_data_and_need_no_token(shared: Site) -> None:
    with on_its_day():
        assert shared.ask("", "/api/v1/openapi.json").status_code == 200
        page = shared.ask("", "/api/v1/")
        assert page.status_code == 200
        assert page.mimetype == "text/html"
        assert "POST /api/v1/completions" in page.text
        assert "<script" not in page.text.partition("<body")[2]
