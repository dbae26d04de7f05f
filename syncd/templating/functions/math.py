"""Sprig's arithmetic: `int64` for whole numbers, decimals rounded to a float for the functions that end in `f`."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from syncd.templating.calls import CallError, World, function
from syncd.templating.functions.conversion import to_float, to_integer
from syncd.templating.golang.values import Int64, Ints, wrap

_STEPS: Final = 40
"""What an operation on exact decimals costs."""
_SCALE: Final = 16
"""Decimal places of a quotient."""
_EXACT: Final = Context(prec=20_000, Emax=MAX_EMAX, Emin=MIN_EMIN)


@function("add")
def add(*values: Any) -> Int64:
    return Int64(wrap(sum(to_integer(value) for value in values)))


@function("add1")
def add_one(value: Any) -> Int64:
    return Int64(wrap(to_integer(value) + 1))


@function("sub")
def subtract(one: Any, other: Any) -> Int64:
    return Int64(wrap(to_integer(one) - to_integer(other)))


@function("mul")
def multiply(first: Any, *others: Any) -> Int64:
    product = to_integer(first)
    for other in others:
        product = wrap(product * to_integer(other))
    return Int64(product)


def _quotient(one: int, other: int) -> int:
    """Division towards zero, as Go does it."""
    if other == 0:
        raise CallError("division by zero")
    size = abs(one) // abs(other)
    return size if (one < 0) == (other < 0) else -size


@function("div")
def divide(one: Any, other: Any) -> Int64:
    return Int64(wrap(_quotient(to_integer(one), to_integer(other))))


@function("mod")
def modulo(one: Any, other: Any) -> Int64:
    dividend, divisor = to_integer(one), to_integer(other)
    return Int64(wrap(dividend - _quotient(dividend, divisor) * divisor))


@function("max", "biggest")
def largest(first: Any, *others: Any) -> Int64:
    return Int64(max(map(to_integer, (first, *others))))


@function("min")
def smallest(first: Any, *others: Any) -> Int64:
    return Int64(min(map(to_integer, (first, *others))))


@function("maxf")
def largest_float(first: Any, *others: Any) -> float:
    return _chosen(max, first, others)


@function("minf")
def smallest_float(first: Any, *others: Any) -> float:
    return _chosen(min, first, others)


def _chosen(choose: Callable[..., float], first: Any, others: tuple[Any, ...]) -> float:
    """`math.Max` or `math.Min`: NaN wins over all but the infinity that was asked for."""
    numbers = [to_float(first), *map(to_float, others)]
    wanted = choose(math.inf, -math.inf)
    if wanted in numbers:
        return wanted
    if any(map(math.isnan, numbers)):
        return math.nan
    return choose(numbers, key=lambda number: (number, math.copysign(1.0, number)))


@function("ceil")
def ceil(value: Any) -> float:
    return _rounded(to_float(value), math.ceil)


@function("floor")
def floor(value: Any) -> float:
    return _rounded(to_float(value), math.floor)


def _rounded(value: float, how: Callable[[float], int]) -> float:
    """Keeps infinities, NaN and the sign of zero."""
    return math.copysign(float(how(value)), value) if math.isfinite(value) else value


@function("round")
def round_at(value: Any, places: int, *on: float) -> float:
    """Rounds at so many decimal places; `on` is the fraction from which it goes up, 0.5 unless given."""
    power = _power_of_ten(places)
    digit = power * to_float(value)
    fraction = math.modf(digit)[0] if math.isfinite(digit) else math.nan
    whole = _rounded(digit, math.ceil if fraction >= (on[0] if on else 0.5) else math.floor)
    return whole / power if power else math.copysign(math.inf, whole) if whole else math.nan


def _power_of_ten(places: int) -> float:
    """`math.Pow(10, places)`, multiplied in the order in which Go does it: the last bits show for large powers."""
    result, exponent = 1.0, 0
    base, power = math.frexp(10.0)
    left = abs(places)
    while left and abs(power) <= 1 << 12:
        if left & 1:
            result, exponent = result * base, exponent + power
        base, power, left = base * base, power * 2, left >> 1
        if base < 0.5:
            base, power = base * 2, power - 1
    if left:
        exponent += power
    if places < 0:
        result, exponent = 1 / result, -exponent
    try:
        return math.ldexp(result, exponent)
    except OverflowError:
        return math.inf


def _decimal(value: Any) -> Decimal:
    """The shortest decimal that reads as the float."""
    number = to_float(value)
    if not math.isfinite(number):
        raise CallError("a number is not finite")
    return Decimal(repr(number)) if number else Decimal(0)


def _folded(
    world: World, first: Decimal, values: tuple[Any, ...], step: Callable[[Decimal, Decimal], Decimal]
) -> float:
    world.meter.spend(_STEPS * len(values))
    for value in values:
        first = step(first, _decimal(value))
    # A zero has no sign here.
    return float(first) + 0.0


@function("addf")
def add_floats(world: World, *values: Any) -> float:
    return _folded(world, Decimal(0), values, _EXACT.add)


@function("add1f")
def add_one_float(world: World, value: Any) -> float:
    return _folded(world, _decimal(value), (1,), _EXACT.add)


@function("subf")
def subtract_floats(world: World, first: Any, *others: Any) -> float:
    return _folded(world, _decimal(first), others, _EXACT.subtract)


@function("mulf")
def multiply_floats(world: World, first: Any, *others: Any) -> float:
    world.meter.spend(len(others) ** 2 // 4)
    return _folded(world, _decimal(first), others, _EXACT.multiply)


@function("divf")
def divide_floats(world: World, first: Any, *others: Any) -> float:
    """Each quotient is rounded at 16 decimal places, halves away from zero."""
    world.meter.spend(len(others) ** 2 // 4)
    return _folded(world, _decimal(first), others, _divide)


def _divide(one: Decimal, other: Decimal) -> Decimal:
    if not other:
        raise CallError("division by zero")
    digits = max(one.adjusted() - other.adjusted() + _SCALE + 3, 1)
    quotient = Context(prec=digits, rounding=ROUND_DOWN, Emax=MAX_EMAX, Emin=MIN_EMIN).divide(one, other)
    return quotient.quantize(Decimal((0, (1,), -_SCALE)), rounding=ROUND_HALF_UP, context=_EXACT)


@function("randInt", deterministic=False)
def random_integer(world: World, low: int, high: int) -> int:
    if high <= low:
        raise CallError("the upper bound must be greater than the lower one")
    return world.engine.random.randrange(low, high)


@function("until")
def until(world: World, count: int) -> Ints:
    return _counted(world, 0, count, -1 if count < 0 else 1)


@function("untilStep")
def until_step(world: World, start: int, stop: int, step: int) -> Ints:
    return _counted(world, start, stop, step)


def _counted(world: World, start: int, stop: int, step: int) -> Ints:
    # The length of a range that wide does not fit `len`.
    world.meter.items((stop - start) // step if step else 0)
    return Ints(range(start, stop, step) if step else ())


@function("seq")
def sequence(world: World, *bounds: int) -> bytes:
    """The numbers from a start to an end, both included, as `seq` of a shell prints them."""
    if not 0 < len(bounds) < 4:
        return b""
    start, end = (1, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[-1])
    sign = -1 if end < start else 1
    step = bounds[1] if len(bounds) == 3 else sign
    if len(bounds) == 3 and sign < 0 and step > 0:
        return b""
    return b" ".join(b"%d" % number for number in _counted(world, start, wrap(end + sign), step))
