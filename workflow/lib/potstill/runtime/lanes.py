"""Two or four numbers at once in compiled code, where LLVM's loop vectorizer finds no loop.

    own = splat4(0.0)
    for p in range(count):
        own = own + splat4(f[p]) * load4(x, p)
    store(out, 0, own)

Positions, forces and rows of tables are read, computed with and stored as a whole, in one
instruction where the processor has one. numba keeps LLVM's other vectorizer, which would find some
of this by itself, switched off because of wrong code. Nothing here checks bounds.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model

from potstill.runtime.compiled import njit

DOUBLE, BYTE, INDEX = ir.DoubleType(), ir.IntType(8), ir.IntType(64)


class Lanes(types.Type):
    """numba's type of `width` float64 numbers in one register."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Lanes({width})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, ir.VectorType(DOUBLE, lanes.width))


def _address(
    context: Any, builder: Any, signature: Any, arguments: Any, column: Any, width: int
) -> Any:
    """Return where `width` numbers of an array's row begin, given (array, row, ...)."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    row = context.cast(builder, arguments[1], signature.args[1], types.intp)
    offset = builder.mul(row, builder.extract_value(array.strides, 0))
    offset = builder.add(offset, builder.mul(column, INDEX(8)))
    first = builder.gep(builder.bitcast(array.data, BYTE.as_pointer()), [offset])
    return builder.bitcast(first, ir.VectorType(DOUBLE, width).as_pointer())


@intrinsic
def load4(_: Any, array: Any, row: Any) -> Any:
    """Return numbers 0 to 3 of a row of an array (N, >=4), or four of (N,) from there on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments, INDEX(0), 4), align=8)

    return Lanes(4)(array, row), generate


@intrinsic
def load2(_: Any, array: Any, row: Any, column: Any) -> Any:
    """Return two numbers of a row of an array (N, D), from `column` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        column = context.cast(builder, arguments[2], signature.args[2], types.intp)
        return builder.load(_address(context, builder, signature, arguments, column, 2), align=8)

    return Lanes(2)(array, row, column), generate


@intrinsic
def store(_: Any, array: Any, row: Any, lanes: Any) -> Any:
    """Write the lanes into the first numbers of a row of an array (N, >=width)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        width = signature.args[2].width
        at = _address(context, builder, signature, arguments, INDEX(0), width)
        builder.store(arguments[2], at, align=8)
        return context.get_dummy_value()

    return types.void(array, row, lanes), generate


def _splat(width: int) -> Callable[..., Any]:
    """Return a function of a number: `width` lanes of it."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        lanes = ir.Constant(ir.VectorType(DOUBLE, width), ir.Undefined)
        for lane in range(width):
            lanes = builder.insert_element(lanes, arguments[0], ir.IntType(32)(lane))
        return lanes

    return intrinsic(lambda _, value: (Lanes(width)(types.float64), generate))


splat2, splat4 = _splat(2), _splat(4)


@intrinsic
def lane(_: Any, lanes: Any, number: Any) -> Any:
    """Return one of the lanes, a float64."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.extract_element(*arguments)

    return types.float64(lanes, types.int32), generate


def _register(operation: Callable[..., Any], instruction: str) -> None:
    """Give lanes of the same width an operator."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments)

    by_lane = intrinsic(lambda _, a, b: (a(a, b), generate))

    @overload(operation, strict=False)
    def _operator(a: Any, b: Any) -> Callable[..., Any] | None:
        return (lambda a, b: by_lane(a, b)) if isinstance(a, Lanes) and a == b else None


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
):
    _register(_operation, _instruction)


@njit(cache=True, nogil=True, inline="always")
def sum3(lanes: Lanes) -> float:
    """Return the sum of the first three lanes: of d * d, the squared length of a vector."""
    return lane(lanes, 0) + lane(lanes, 1) + lane(lanes, 2)
