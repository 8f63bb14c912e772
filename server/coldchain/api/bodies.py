"""Bodies of the API, made from the actions themselves, so that the two cannot part.

A body has the parameters of its action, by name and type, and `at_ms`: when it happened. What no
table could hold (numbers beyond 2^53, texts with control characters, nesting without end) is
refused before anything looks at it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final, get_type_hints

from ninja import Field, Schema
from pydantic import ConfigDict, create_model, model_validator

MOST: Final = 2**53
LONGEST: Final = 4_000
DEEPEST: Final = 12
TIME: Final = Field(None, ge=0, le=2**42, description="when it happened, UTC ms; null: now")


class Body(Schema):
    """What a program sends: these fields and no other."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _sane(cls, value: Any) -> Any:
        check(value)
        return value


def check(value: Any, depth: int = 0) -> None:
    """Raises ValueError for what no table could hold."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        if len(value) > LONGEST or any(one < " " and one not in "\n\r\t" for one in value):
            raise ValueError("a text that cannot be kept")
        value.encode()  # halves of letters (lone surrogates) are a ValueError of their own
    elif isinstance(value, int) and not -MOST <= value <= MOST:
        raise ValueError("a number that cannot be kept")
    elif isinstance(value, dict):
        for name, one in value.items():
            check(name, depth + 1)
            check(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            check(one, depth + 1)


def body_of(act: Callable[..., Any]) -> type[Body]:
    """The body of an action's address."""
    hints = get_type_hints(act)
    fields: dict[str, Any] = {
        one.name: (hints[one.name], ... if one.default is one.empty else one.default)
        for one in list(inspect.signature(act).parameters.values())[1:]
    }
    name = "".join(word.capitalize() for word in act.__name__.split("_"))
    return create_model(f"{name}Body", __base__=Body, at_ms=(int | None, TIME), **fields)


def arguments(body: Body) -> dict[str, Any]:
    """The parameters of the action, as it wants them."""
    return {name: getattr(body, name) for name in type(body).model_fields if name != "at_ms"}
