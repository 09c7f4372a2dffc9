"""YAML that people write, read strictly: every fault with its line and column, never a guess and never a traceback.

YAML 1.1 reads ``no`` as false and ``12:30`` as 750. Here a :class:`Shape` says which kind of value each key takes, and
what reads as something else is a fault that shows what was written. A file is read in three steps: :func:`parse` makes
a :class:`Document`, :func:`fit` lays a shape over it, and the caller adds the faults that only the whole file can show.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Final, NoReturn, TypeAlias, TypeVar, cast, get_args

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError
from yaml.constructor import SafeConstructor

from tracker.curriculum.faults import Fault

Loc: TypeAlias = tuple[str | int, ...]  # the way from the top of the file to a value: keys and places in lists

LONGEST_TEXT = 300_000  # characters; a curriculum of a hundred courses has some thirty thousand
_MOST_VALUES = 50_000  # keys, values, lists and mappings together; that curriculum has some thousand
_DEEPEST = 20  # a curriculum nests six deep
_MOST_KEYS = 500  # of one mapping: each key that is wrong is looked for among all of them
_TAG: Final = "tag:yaml.org,2002:"
_READS_AS = {"bool": "yes/no", "int": "a number", "float": "a number", "timestamp": "a day", "null": "nothing"}
_HINTS = (
    ("mapping values are not allowed here", "a text with a colon in it needs quotes, and keys of one mapping line up"),
    ("'\\t'", "indent with spaces, not tabs"),
    ("expected a single document", "take out the line `---` and what follows it"),
)


class FileFaults(ValueError):
    """A file that cannot be taken as it stands, with everything wrong in it, in the order of the file."""

    def __init__(self, faults: Iterable[Fault], name: str) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda fault: (fault.line, int(fault.column or 0), fault.reason)))
        self.name = name
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line a fault, as an editor can jump to: ``courses.yaml:8:9: reason``."""
        return [f"{self.name}:{fault.line}:{fault.column}: {fault.reason}" for fault in self.faults]


# --- From text to a document ---------------------------------------------------------------------------------------


def _refusal(reason: str, event: Any) -> yaml.composer.ComposerError:
    return yaml.composer.ComposerError(None, None, reason, event.start_mark)


class _Composer(yaml.SafeLoader):
    """Nodes with their places; refuses aliases, which let ten short lines stand for a billion, and stops where there are
    more than any curriculum has, for each takes time and memory."""

    depth = 0
    count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            reason = f"`*{event.anchor}` repeats another place: write the value out"
            raise _refusal(reason, event)
        if self.depth == _DEEPEST:
            raise _refusal("nested too deeply", event)
        if self.count == _MOST_VALUES:
            raise _refusal(f"more than {_MOST_VALUES:,} values: is it the right file?", event)
        self.count += 1
        self.depth += 1
        try:
            node = super().compose_node(parent, index)
            if isinstance(node, yaml.MappingNode) and len(node.value) > _MOST_KEYS:
                raise _refusal(f"{len(node.value):,} keys in one place, where there may be {_MOST_KEYS}", event)
            return node
        finally:
            self.depth -= 1


class Document:
    """A file's values as plain Python, each still knowing where it stood.

    A key without a value counts as left out. ``faults`` grows while the file is read.
    """

    def __init__(self, root: yaml.MappingNode) -> None:
        self.faults: list[Fault] = []
        self._root = root
        self._scalars = SafeConstructor()
        self.data = cast(dict[str, Any], self._plain(root))

    def rows(self, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """The mappings listed under a key at the top, with their places; whatever else stands there is passed over."""
        listed = self.data.get(key)
        for place, row in enumerate(listed if isinstance(listed, tuple) else ()):
            if isinstance(row, dict):
                yield place, row

    def line(self, *loc: str | int) -> int:
        """The line on which a value begins, from 1."""
        return int(self._node(loc)[0].start_mark.line) + 1

    def fault(self, loc: Loc, reason: str, at_key: bool = False) -> None:
        """Note a fault in the value at ``loc``, or in its key; where no such value stands, in the nearest around."""
        node, key = self._node(loc)
        self._fault(key if at_key and key is not None else node, reason)

    def written(self, loc: Loc) -> tuple[str, str]:
        """What stands at ``loc``, as text, and what YAML takes it for, in words."""
        node, _ = self._node(loc)
        if not isinstance(node, yaml.ScalarNode):
            return "", "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        kind = node.tag.removeprefix(_TAG)
        if _is_odd_number(node.value, kind):
            return _excerpt(node.value), "a time" if ":" in node.value else "a number of another notation"
        return _excerpt(node.value), _READS_AS.get(kind, "text")

    def _fault(self, node: yaml.Node, reason: str) -> None:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        self.faults.append(_fault_at(node.start_mark, reason, value))

    def _node(self, loc: Loc) -> tuple[yaml.Node, yaml.Node | None]:
        """The node at ``loc`` and its key's node; as far as the way goes."""
        node: yaml.Node = self._root
        key: yaml.Node | None = None
        for step in loc:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == step), None)
                if found is None:
                    return node, None
                key, node = found
                if node.tag == _TAG + "null" and not node.value:
                    node = key  # an empty value has no place of its own
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                key, node = None, node.value[step]
            else:
                return node, key
        return node, key

    def _plain(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in (_TAG + "map", _TAG + "seq"):
            self._fault(node, f"the tag {node.tag.replace(_TAG, '!!')!r} is not known here: take it out")
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._plain(each) for each in node.value)
        return self._mapping(node)

    def _mapping(self, node: yaml.Node) -> dict[str, object]:
        values: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault(key, "a key must be one word")
            elif key.value in lines:
                self._fault(key, f"`{key.value}` stands here twice, first on line {lines[key.value]}: take one out")
            else:
                lines[key.value] = key.start_mark.line + 1
                plain = self._plain(value)
                if plain is not None:
                    values[key.value] = plain
        return values

    def _scalar(self, node: yaml.ScalarNode) -> object:
        kind = node.tag.removeprefix(_TAG)
        if kind != "str" and kind not in _READS_AS:
            self._fault(node, f"{node.value!r} has a meaning of its own in YAML: put it in quotes")
            return str(node.value)
        if _is_odd_number(node.value, kind):
            return object()  # neither text nor a number, so that no shape takes it
        try:
            return self._scalars.yaml_constructors[node.tag](self._scalars, node)
        except (ValueError, LookupError, ArithmeticError, AttributeError):
            return str(node.value)  # 30 February, or a number of a thousand digits: the shape says what was wanted


def _is_odd_number(text: str, kind: str) -> bool:
    """Whether YAML takes a text for a number that a reader would not: 12:30 for 750, 010 for 8."""
    return (kind == "int" and not re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", text)) or (kind == "float" and ":" in text)


def parse(text: str, name: str) -> Document:
    """The document a text holds.

    Raises:
        FileFaults: it is no YAML, or no single mapping of keys to values.
    """
    if len(text) > LONGEST_TEXT:
        reason = f"the file is longer than {LONGEST_TEXT:,} characters: is it the right one?"
        raise FileFaults([Fault(1, "1", "", reason)], name)
    root: yaml.Node | None = None
    try:
        composer = _Composer(text)
        try:
            root = composer.get_single_node()
        except (ValueError, ArithmeticError):  # an escape such as "\UFFFFFFFF"
            reason = "this is not YAML: an escape that names no character, or a number too long"
            raise FileFaults([Fault(composer.line + 1, str(composer.column + 1), "", reason)], name) from None
        finally:
            composer.dispose()
    except yaml.MarkedYAMLError as error:
        raise FileFaults([_fault_at(error.problem_mark or error.context_mark, _not_yaml(error))], name) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        reason = f"the character U+{ord(text[error.position]):04X} cannot stand in text: is this a text file in UTF-8?"
        raise FileFaults([Fault(line, str(column), "", reason)], name) from None
    if root is None:
        raise FileFaults([Fault(1, "1", "", "the file is empty")], name)
    if not isinstance(root, yaml.MappingNode):
        raise FileFaults([_fault_at(root.start_mark, "the file must be a mapping: lines of `key: value`")], name)
    return Document(root)


def _fault_at(mark: yaml.Mark | None, reason: str, value: str = "") -> Fault:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Fault(line, str(column), _legible(value), _legible(reason))


def _legible(text: str) -> str:
    """One line that any terminal and any log can take."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _excerpt(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _not_yaml(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it cannot be read"
    if isinstance(error, yaml.composer.ComposerError) and not error.context:
        return problem
    hint = next((hint for part, hint in _HINTS if part in f"{error.context} {problem}"), "")
    return f"this is not YAML: {problem}" + (f" ({hint})" if hint else "")


# --- The kinds of value --------------------------------------------------------------------------------------------


AnyList = TypeVar("AnyList", bound=tuple[object, ...])


def wrong(reason: str, *at: str | int) -> NoReturn:
    """Say in a validator what is wrong with the value, or with the part of it that ``at`` leads to."""
    raise PydanticCustomError("wrong", "{reason}", {"reason": reason, "at": at})


def close_to(word: str, known: Iterable[str]) -> str:
    """``: did you mean `x`?`` where something known is spelled much alike, else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f": did you mean `{close[0]}`?" if close else ""


def no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse the second of two values alike."""
    seen: set[str] = set()
    for place, value in enumerate(values):
        if value in seen:
            wrong(f"`{value}` is listed twice: take one out", place)
        seen.add(value)
    return values


def not_empty(values: AnyList) -> AnyList:
    """Refuse an empty list. (pydantic's own ``min_length`` would count the faulty entries as missing.)"""
    if not values:
        wrong("the list is empty: it needs at least one entry")
    return values


def _day(value: object) -> date:
    if isinstance(value, datetime):
        wrong("has a time of day, and only a day is wanted, such as 2026-06-01")
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            wrong(f"there is no day {value}")
    wrong("must be a day, such as 2026-06-01")


def _code(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        wrong(f"{value!r} is not a code: use lower-case letters, digits and single hyphens between them")
    return value


def _printable(value: str, also: str = "") -> str:
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in also:
            wrong(f"holds the character U+{ord(character):04X}, which cannot be printed: take it out")
    return value


Code = Annotated[str, StringConstraints(max_length=120), AfterValidator(_code)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_printable)]
Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=10_000),
    AfterValidator(lambda value: _printable(value, also="\n\t")),
]
Day = Annotated[date, BeforeValidator(_day)]
# An upper bound keeps a slip of the keyboard from overflowing the calendar or a database's column.
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Months = Annotated[int, Field(ge=1, le=1_200)]


class Shape(BaseModel):
    """What one mapping in a file may hold: keys, the kind of value of each, nothing else."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    noun: ClassVar[str]  # what one such mapping is called in a message


AnyShape = TypeVar("AnyShape", bound=Shape)


# --- Laying a shape over a document --------------------------------------------------------------------------------


def fit(document: Document, shape: type[AnyShape], context: Mapping[str, Any] | None = None) -> AnyShape | None:
    """The document in the given shape; None where it does not fit, and then every fault of it is in the document."""
    try:
        return shape.model_validate(document.data, context=dict(context or {}))
    except ValidationError as error:
        shapes = {"": shape} | dict(_shapes_within(shape))
        for detail in error.errors(include_url=False):
            _note(document, detail, shapes)
        return None


def _shapes_within(shape: type[Shape]) -> Iterator[tuple[str, type[Shape]]]:
    """Every shape below this one by the key it stands under, which is unique in our files."""
    for name, field in shape.model_fields.items():
        for inner in _shapes_of(field.annotation):
            yield field.alias or name, inner
            yield from _shapes_within(inner)


def _shapes_of(annotation: object) -> Iterator[type[Shape]]:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for inner in get_args(annotation):
        yield from _shapes_of(inner)


def _note(document: Document, detail: ErrorDetails, shapes: Mapping[str, type[Shape]]) -> None:
    """One of pydantic's errors as a fault in our words, at the place it means."""
    loc, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    if kind == "wrong":
        document.fault(loc + tuple(context["at"]), context["reason"])
        return
    key = _excerpt(next((step for step in reversed(loc) if isinstance(step, str)), ""))
    if kind in ("missing", "extra_forbidden"):
        under = next((step for step in reversed(loc[:-1]) if isinstance(step, str)), "")
        shape = shapes[under]
        if kind == "missing":
            document.fault(loc, f"`{key}` is missing or empty: every {shape.noun} needs one")
            return
        known = [_key(name, field) for name, field in shape.model_fields.items()]
        close = f"{close_to(key, known)} Known" if close_to(key, known) else "; known"
        document.fault(loc, f"`{key}` is not a key of a {shape.noun}{close} are {', '.join(known)}", at_key=True)
        return
    text, reads_as = document.written(loc)
    subject = f"entry {loc[-1] + 1} of `{key}`" if loc and isinstance(loc[-1], int) else f"`{key}`"
    document.fault(loc, f"{subject} {_wanted(kind, context, text, reads_as)}")


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _wanted(kind: str, context: Mapping[str, Any], text: str, reads_as: str) -> str:
    """What a value should have been, by pydantic's name of the error."""
    match kind:
        case "string_type":
            return f"must be text, and {text} reads as {reads_as}: put it in quotes" if text else "must be text"
        case "int_type" | "float_type" | "int_from_float":
            found = f", and {text!r} reads as {reads_as}" if text and kind != "int_from_float" else ""
            return ("must be a number" if kind == "float_type" else "must be a whole number") + found
        case "greater_than_equal":
            return f"must be {context['ge']:,.10g} or more"
        case "greater_than":
            return f"must be more than {context['gt']:,.10g}"
        case "less_than_equal":
            return f"must be {context['le']:,.10g} or less"
        case "finite_number":
            return "must be a number"
        case "string_unicode":
            return "holds half a character: take it out"
        case "string_too_short":
            return "must not be empty"
        case "string_too_long":
            return f"must be no longer than {context['max_length']} characters"
        case "tuple_type":
            return "must be a list: each entry on a line of its own after `- `"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must hold `key: value` pairs"
        case "literal_error":
            return f"must be {context['expected']}".replace("True", "`true`")
        case _:
            return f"is not right ({kind.replace('_', ' ')})"
