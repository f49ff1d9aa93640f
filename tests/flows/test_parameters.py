"""What a run may be asked: refused by the API when a run is made, and by the flow; told to people by the web page's form."""

from __future__ import annotations

import math

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, validate

from flows.ingest import ingest

WRONG = [("batch_files", 0), ("batch_files", -1), ("batch_bytes", 0), ("wait", -1)]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_the_api_refuses_what_is_too_small(name: str, value: int) -> None:
    schema = parameter_schema(ingest).model_dump()
    validate({"library": "default", name: 1}, schema, raise_on_error=True)
    with pytest.raises(ValidationError, match=f"{name}.*less than the minimum"):
        validate({"library": "default", name: value}, schema, raise_on_error=True)


@pytest.mark.parametrize(("name", "value"), [*WRONG, ("wait", math.nan), ("wait", math.inf)])
def test_the_flow_refuses_it_too(name: str, value: float) -> None:
    with pytest.raises(ParameterTypeError, match=f"{name}: Input should be"):
        ingest.validate_parameters({name: value})


def test_every_parameter_says_what_it_is_for() -> None:
    properties = parameter_schema(ingest).properties
    assert all(described.get("description") for described in properties.values())
    assert properties["batch_bytes"]["default"] == 16 * 2**20
