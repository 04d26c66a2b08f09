"""The base of every spec: frozen, strict, and refusing keys it does not know, with the nearest right one."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from linkage.errors import nearest

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A field or key name: lower-case ASCII letters, digits and underscores."""


T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in the file, a tuple in the spec; its items stay strict."""


class Spec(BaseModel):
    """A part of a project file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            allowed = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in allowed:
                    near = nearest(str(key), allowed)
                    raise PydanticCustomError(
                        "unknown_key",
                        "{hint}",
                        {
                            "key": str(key),
                            "allowed": ", ".join(allowed),
                            "hint": f"unknown key; did you mean `{near}`?" if near else "unknown key",
                        },
                    )
        return data
