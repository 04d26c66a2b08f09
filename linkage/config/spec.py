"""The base of every spec: frozen, strict, and refusing keys it does not know, with the nearest right one."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from linkage.errors import nearest

NAME = r"^[a-z][a-z0-9_]{0,62}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A field or key name: lower-case ASCII letters, digits and underscores."""


T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in the file, a tuple in the spec; its items stay strict."""


class Spec(BaseModel):
    """A part of a project file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any, check_rest: ModelWrapValidatorHandler[Any]) -> Any:
        allowed = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = [str(key) for key in data if key not in allowed] if isinstance(data, dict) else []
        if not unknown:
            return check_rest(data)
        faults = [_unknown(key, allowed) for key in unknown]
        meant = {nearest(key, allowed) for key in unknown}
        try:
            check_rest({key: value for key, value in data.items() if key in allowed})
        except ValidationError as error:
            # a needed key that is there under a misspelt name is one fault, not two
            faults += [_again(one) for one in error.errors() if one["type"] != "missing" or one["loc"][-1] not in meant]
        raise ValidationError.from_exception_data(cls.__name__, faults)


def _unknown(key: str, allowed: list[str]) -> InitErrorDetails:
    near = nearest(key, allowed)
    hint = f"unknown key; did you mean `{near}`?" if near else "unknown key"
    told = PydanticCustomError("unknown_key", "{hint}", {"key": key, "allowed": ", ".join(allowed), "hint": hint})
    return InitErrorDetails(type=told, loc=(), input=key)


def _again(error: Any) -> InitErrorDetails:
    """An error that pydantic reported, as one to report."""
    context = error.get("ctx", {})
    kind = PydanticCustomError("unknown_key", "{hint}", context) if error["type"] == "unknown_key" else error["type"]
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=context)
