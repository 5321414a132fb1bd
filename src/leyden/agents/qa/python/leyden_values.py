"""How a test says values: source text that gives an equal one, how a result is compared, and what can be asked of an object."""
import contextlib
import dataclasses
import datetime
import decimal
import enum
import fractions
import inspect
import io
import math
import sys
import types
import uuid

TEXT_MAX = 1500  # Of an expected value; what is longer makes no readable test.
ITEMS_MAX = 200  # Of an iterator that is read to its end.
PARTS_MAX = 12  # That are asked of an object,
PARTS_DEPTH = 3  # so many dots away,
FIRST_ITEMS = 3  # and of a list that it holds these.

class Tested:
    """The module whose classes a test can name, and those of them that texts have named since the last call began."""
    module = None
    names = set()


def begin(module):
    Tested.module = module
    Tested.names.clear()


def of_standard_library():
    return {"datetime": datetime, "decimal": decimal, "fractions": fractions, "io": io, "uuid": uuid, "SimpleNamespace": types.SimpleNamespace}


def is_known(kind):
    """A class that a test can import from the module."""
    return kind.__module__ == Tested.module.__name__ and vars(Tested.module).get(kind.__name__) is kind and not kind.__name__.startswith("_")


@contextlib.contextmanager
def untraced():
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def literal(value, depth=0):
    """Source text that gives an equal value of the same type; None where there is none."""
    if depth > 8:
        return None
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is bytes:
        return repr(value)
    if kind is int:
        return repr(value) if value.bit_length() < 4000 else None
    if kind is float:
        if math.isnan(value):
            return None
        return repr(value) if math.isfinite(value) else f"float({repr(str(value))})"
    if kind is complex:
        return repr(value)
    if kind in (list, tuple, set, frozenset):
        items = [literal(item, depth + 1) for item in value]
        if None in items:
            return None
        if kind in (set, frozenset):
            items.sort()
        inner = ", ".join(items)
        if kind is list:
            return f"[{inner}]"
        if kind is tuple:
            return f"({inner},)" if len(items) == 1 else f"({inner})"
        if kind is set:
            return "{" + inner + "}" if items else "set()"
        return f"frozenset([{inner}])"
    if kind is dict:
        pairs = [(literal(key, depth + 1), literal(item, depth + 1)) for key, item in value.items()]
        if any(None in pair for pair in pairs):
            return None
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    return standard_literal(value) or literal_of_object(value, depth)


def standard_literal(value):
    """The same of the standard library's plain values; the modules are known by their names."""
    kind = type(value)
    if kind in (datetime.date, datetime.timedelta, datetime.timezone):
        return repr(value)
    if kind in (datetime.datetime, datetime.time):
        return repr(value) if value.tzinfo is None or type(value.tzinfo) is datetime.timezone else None
    if kind is decimal.Decimal:
        return f"decimal.Decimal({str(value)!r})" if not value.is_nan() else None
    if kind is fractions.Fraction:
        return f"fractions.Fraction({value.numerator}, {value.denominator})"
    if kind is uuid.UUID:
        return f"uuid.UUID({str(value)!r})"
    return None


def literal_of_object(value, depth):
    """Of a member of an enumeration, `Color.RED`, and of an object that equals another one with the same values: `Point(1, 2)`."""
    kind = type(value)
    if Tested.module is None or not is_known(kind):
        return None
    if isinstance(value, enum.Enum):
        if value.name is None or getattr(kind, value.name, None) is not value:
            return None
        Tested.names.add(kind.__name__)
        return f"{kind.__name__}.{value.name}"
    if kind.__eq__ is object.__eq__:
        return None
    with untraced():
        try:
            text = f"{kind.__name__}({', '.join(constructed_with(value, kind, depth))})"
            if eval(text, {**of_standard_library(), **vars(Tested.module)}) == value:
                Tested.names.add(kind.__name__)
                return text
        except Exception:
            pass  # It is not made of what it holds.
    return None


def default_of(kind, parameter):
    factory = getattr(getattr(kind, "__dataclass_fields__", {}).get(parameter.name), "default_factory", dataclasses.MISSING)
    return parameter.default if factory is dataclasses.MISSING else factory()


def constructed_with(value, kind, depth):
    out, by_name = [], False
    for one in inspect.signature(kind).parameters.values():
        text = literal(getattr(value, one.name), depth + 1)
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) or text is None:
            raise TypeError
        if literal(default_of(kind, one)) == text and one.default is not one.empty:
            by_name = True
        else:
            out.append(f"{one.name}={text}" if by_name or one.kind is one.KEYWORD_ONLY else text)
    return out


def observed(value):
    """How a test can say what a value is: [form, text]. The forms: value (== text), nan, items (list(...) == text), repr (repr(...) ==
    text), type (its type's name)."""
    text = literal(value)
    if text is not None:
        return ["value", text] if len(text) <= TEXT_MAX else None
    if isinstance(value, float) and math.isnan(value):
        return ["nan", ""]
    if isinstance(value, (types.GeneratorType, map, filter, zip, enumerate, range)) or (
            hasattr(value, "__next__") and hasattr(value, "__iter__") and not isinstance(value, io.IOBase)):
        items = []
        for item in value:
            items.append(item)
            if len(items) > ITEMS_MAX:
                return None
        text = literal(items)
        return ["items", text] if text is not None and len(text) <= TEXT_MAX else None
    kind = type(value)
    if kind.__repr__ is not object.__repr__ and not callable(value):
        text = repr(value)
        if " at 0x" not in text and len(text) <= TEXT_MAX:
            return ["repr", repr(text)]
    return ["type", repr(kind.__name__)]


def attributes_of(thing):
    """The public ones, without running code of the object."""
    try:
        own = dict(vars(thing))
    except Exception:  # `__dict__` may be anything.
        own = {}
    for kind in type(thing).__mro__:
        for name, one in vars(kind).items():
            if isinstance(one, types.MemberDescriptorType) and hasattr(thing, name):
                own[name] = getattr(thing, name)
    return {name: value for name, value in own.items() if isinstance(name, str) and name.isidentifier()}


def properties_of(thing):
    out = {}
    for kind in type(thing).__mro__:
        for name, one in vars(kind).items() if kind.__module__ == Tested.module.__name__ else ():
            if isinstance(one, property) and not name.startswith("_") and name not in out:
                try:
                    out[name] = getattr(thing, name)
                except Exception:
                    continue
    return out


def parts_of(thing, with_properties=False):
    """What can be asked of an object and the answers' source text: `{"{}.name": "'a'", "len({}.children)": "2"}`."""
    out = {}
    add_parts(thing, "{}", out, 0, with_properties)
    return out


def add_parts(thing, place, out, depth, with_properties):
    attributes = {name: value for name, value in attributes_of(thing).items() if not name.startswith("_")}
    if with_properties:
        attributes.update(properties_of(thing))
    for name, value in sorted(attributes.items()):
        add_part(value, f"{place}.{name}", out, depth, with_properties)


def add_part(value, place, out, depth, with_properties):
    if len(out) >= PARTS_MAX or depth > PARTS_DEPTH:
        return
    text = literal(value)
    if text is not None:
        if len(text) <= TEXT_MAX:
            out[place] = text
    elif type(value) in (list, tuple):
        out[f"len({place})"] = repr(len(value))
        for i, item in enumerate(value[:FIRST_ITEMS]):
            add_part(item, f"{place}[{i}]", out, depth + 1, with_properties)
    elif is_known(type(value)):
        add_parts(value, place, out, depth + 1, with_properties)


def parts_of_result(value):
    """The same of what a call gives, where that is no literal."""
    out = {}
    add_part(value, "{}", out, 0, True)
    return out


def hidden_of(thing):
    """The private attributes: whether they move tells that the public properties may."""
    return {name: literal(value) for name, value in attributes_of(thing).items() if name.startswith("_")}
