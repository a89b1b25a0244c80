"""typing.NamedTuple for modules that every user waits for: to import typing takes longer than to
score a text.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:

    class _Maker(type):
        def __new__(cls, name: str, bases: tuple, space: dict[str, Any]) -> Any:
            if not bases:
                return super().__new__(cls, name, bases, space)
            fields = space["__annotations__"]
            made = namedtuple(
                name, fields, defaults=[space[field] for field in fields if field in space],
                module=space["__module__"])
            made.__annotations__ = fields
            for key, value in space.items():
                if key not in fields and key not in ("__annotations__", "__module__"):
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """A class of annotated fields becomes a tuple of them; as typing has it."""
