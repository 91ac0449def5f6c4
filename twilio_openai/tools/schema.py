"""The signature of a tool: what the model is told about the arguments, and how what it sends is checked.

1. Every parameter is named and typed; one without a default is required; nothing else may be sent.
2. A parameter annotated `CallContext` belongs to the server: the model neither sees nor sends it.
3. What is shown (JSON schema) and what is checked (pydantic) come from the same types, so they cannot disagree.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import ErrorDetails, to_json

from twilio_openai.tools.context import CallContext
from twilio_openai.tools.errors import ToolDefinitionError, ToolError

JsonSchema = dict[str, Any]

_SHOWN_ERRORS = 3
_SHOWN_INPUT_CHARS = 60
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Signature:
    model: type[BaseModel]
    """One field per parameter, named `argument_<n>` and aliased to it: a parameter may be called `schema` or `json`."""
    parameters: JsonSchema
    """The object that the model fills in, with no `$ref` in it."""
    context_names: tuple[str, ...]

    def bind(self, arguments_json: str, context: CallContext) -> dict[str, object]:
        """The keyword arguments of the call. Raises ToolError, in words that the model can act on."""
        try:
            checked = self.model.model_validate_json(arguments_json)
        except ValidationError as error:
            raise ToolError(self._complaint(error)) from error
        named = {str(info.alias): getattr(checked, field) for field, info in self.model.model_fields.items()}
        return named | dict.fromkeys(self.context_names, context)

    def _complaint(self, error: ValidationError) -> str:
        known = ", ".join(self.parameters["properties"]) or "none"
        complaints = [_one_complaint(details, known) for details in error.errors(include_url=False)]
        return "; ".join(complaints[:_SHOWN_ERRORS])


def read_signature(function: Callable[..., object], descriptions: Mapping[str, str]) -> Signature:
    """Raises ToolDefinitionError for a parameter that a model cannot fill in."""
    hints = _type_hints(function)
    parameters = [_checked(parameter, hints) for parameter in inspect.signature(function).parameters.values()]
    context_names = tuple(each.name for each in parameters if _is_context(hints[each.name]))
    model = _arguments_model(function, hints, [each for each in parameters if each.name not in context_names])
    return Signature(model, _json_schema(model, descriptions), context_names)


def _type_hints(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise ToolDefinitionError(
            f"a type in the signature cannot be found: {error}; import it in this file"
        ) from error


def _checked(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> inspect.Parameter:
    if parameter.kind not in _BY_NAME:
        raise ToolDefinitionError(f"{parameter}: the model sends arguments by name; write each one out, without * or /")
    if parameter.name not in hints:
        raise ToolDefinitionError(f"{parameter.name} has no type; write e.g. `{parameter.name}: str`")
    return parameter


def _is_context(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, CallContext)


def _arguments_model(
    function: Callable[..., object], hints: Mapping[str, Any], parameters: list[inspect.Parameter]
) -> type[BaseModel]:
    aliases = {f"argument_{index}": parameter.name for index, parameter in enumerate(parameters)}
    fields: dict[str, Any] = {
        field: (hints[parameter.name], ... if parameter.default is parameter.empty else parameter.default)
        for field, parameter in zip(aliases, parameters, strict=True)
    }
    config = ConfigDict(extra="forbid", alias_generator=aliases.__getitem__)
    try:
        return create_model(function.__name__, __config__=config, **fields)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise _undescribable(error) from error


def _json_schema(model: type[BaseModel], descriptions: Mapping[str, str]) -> JsonSchema:
    try:
        schema = model.model_json_schema()
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise _undescribable(error) from error
    schema.setdefault("properties", {})
    for name, node in schema["properties"].items():
        if name in descriptions:
            node.setdefault("description", descriptions[name])
    definitions = schema.pop("$defs", {})
    plain: JsonSchema = _plain(schema, definitions, ())
    return plain


def _undescribable(error: Exception) -> ToolDefinitionError:
    reason = str(error).splitlines()[0]
    return ToolDefinitionError(
        f"a type cannot be described to the model ({reason}); use str, int, date, Literal, list …"
    )


def _plain(node: Any, definitions: Mapping[str, JsonSchema], inside: tuple[str, ...]) -> Any:
    """A schema with its references written out and without titles: less to read, and nothing to resolve."""
    if isinstance(node, list):
        return [_plain(each, definitions, inside) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _written_out(node, definitions, inside)
    return dict(_plain_items(node, definitions, inside))


def _plain_items(
    node: JsonSchema, definitions: Mapping[str, JsonSchema], inside: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        match key:
            case "title" | "discriminator":
                continue
            case "default" | "enum" | "const" | "examples":  # values of the user's, which may look like schemas
                yield key, value
            case "properties":  # names of the user's, of which one may be "title"
                yield key, {name: _plain(each, definitions, inside) for name, each in value.items()}
            case _:
                yield key, _plain(value, definitions, inside)


def _written_out(node: JsonSchema, definitions: Mapping[str, JsonSchema], inside: tuple[str, ...]) -> Any:
    name = node["$ref"].removeprefix("#/$defs/")
    if name in inside:
        raise ToolDefinitionError(f"the type {name} contains itself; give the tool a flat list instead")
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return _plain(definitions[name] | beside, definitions, (*inside, name))


def _one_complaint(details: ErrorDetails, known: str) -> str:
    where = _path(details["loc"])
    match details["type"]:
        case "missing":
            return f"{where} is missing"
        case "extra_forbidden":
            return f"{where} is not an argument (these are: {known})"
        case "value_error":
            expected = str(details["ctx"]["error"])
        case _:
            expected = details["msg"]
    return f"{where}: {expected}, got {_shortened(details['input'])}"


def _path(location: tuple[int | str, ...]) -> str:
    """("items", 0, "price") -> items[0].price"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")


def _shortened(value: object) -> str:
    text = to_json(value, fallback=str).decode()
    return text if len(text) <= _SHOWN_INPUT_CHARS else text[:_SHOWN_INPUT_CHARS] + "…"
