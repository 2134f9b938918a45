"""Packs a result for the database and reads it back: values of named classes only, so that nothing else is ever made.

Results are large and are read while somebody waits, which is why they are pickled. A pickle may name any function; the
reader here makes nothing but what the kind lists, all of them classes that hold values.
"""

import io
import pickle
import zlib
from collections.abc import Collection
from enum import Enum
from importlib import import_module
from typing import Any, Final

from core.domain.form import Form, load_named_form
from core.domain.scoring import Measure, measure_named
from core.errors import StoreError

_USUAL: Final = frozenset(
    {
        "builtins:frozenset",
        "builtins:set",
        "collections:OrderedDict",
        "datetime:datetime",
        "datetime:timezone",
        "datetime:timedelta",
        "numpy:dtype",
        "numpy:ndarray",
        "numpy._core.multiarray:_reconstruct",
        "numpy._core.multiarray:scalar",
        "numpy._core.numeric:_frombuffer",
        "core.domain.scoring.interval:Interval",
    }
)


class _Packer(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        """Forms and measures by name: they are of the program, and one of them holds a function."""
        if isinstance(value, Form) and value == load_named_form(value.reference):  # not a part of one, as tasks have
            return ("form", value.reference)
        return ("measure", value.name) if isinstance(value, Measure) else None

    def reducer_override(self, value: Any) -> Any:
        """Members of enumerations by value: Python before 3.11.4 writes a call of ``getattr``, which is not read."""
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, packed: bytes, classes: Collection[str]) -> None:
        super().__init__(io.BytesIO(packed))
        self._classes = _USUAL | set(classes)

    def find_class(self, module: str, name: str) -> Any:
        """Refuse whatever is not listed."""
        if f"{module}:{name}" not in self._classes:
            raise pickle.UnpicklingError(f"{module}:{name} is not of this kind of result")
        return getattr(import_module(module), name)

    def persistent_load(self, reference: Any) -> Any:
        """A form or a measure."""
        kind, name = reference
        return load_named_form(name) if kind == "form" else measure_named(name)


class _Compressed:
    """A file that holds what is written compressed: a large result never lies there twice."""

    def __init__(self) -> None:
        self._compressor, self._pieces = zlib.compressobj(1), bytearray()

    def write(self, data: bytes) -> None:
        self._pieces += self._compressor.compress(data)

    def finish(self) -> bytes:
        self._pieces += self._compressor.flush()
        return bytes(self._pieces)


def pack(value: Any) -> bytes:
    """The bytes of a result."""
    packed = _Compressed()
    _Packer(packed, pickle.HIGHEST_PROTOCOL).dump(value)
    return packed.finish()


def unpack(packed: bytes, classes: Collection[str]) -> Any:
    """A result from its bytes.

    Args:
        packed: as :func:`pack` gave them.
        classes: ``module:name`` of the classes that it may consist of.

    Raises:
        StoreError: they are something else.
    """
    try:
        return _Reader(zlib.decompress(packed), classes).load()
    except (pickle.UnpicklingError, zlib.error, EOFError, AttributeError, ImportError, TypeError) as error:
        raise StoreError("存下的计算结果读不出来", "请点「重新计算」") from error
