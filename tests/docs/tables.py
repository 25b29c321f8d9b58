"""How the documents write the values that a setting or an option may have."""

from typing import Any

from pydantic import BaseModel

NONE = "—"


def default(value: Any) -> str:
    """A default as the tables have it."""
    if value in (None, ()):
        return NONE
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def defaults(model: type[BaseModel]) -> dict[str, str]:
    """Every field's default; a default that depends on the machine is none."""
    return {
        name: NONE if field.default_factory else default(field.default)
        for name, field in model.model_fields.items()
    }


def values(model: type[BaseModel]) -> dict[str, str]:
    """What each field takes, for those that are a number, a choice or a yes and no."""
    schema = model.model_json_schema()
    described = {name: _values(field) for name, field in schema["properties"].items()}
    return {name: text for name, text in described.items() if text is not None}


def _values(field: dict[str, Any]) -> str | None:
    kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
    texts = [text for text in map(_values_of_kind, kinds) if text is not None]
    return ", ".join(texts) or None


def _values_of_kind(kind: dict[str, Any]) -> str | None:
    if kind.get("type") == "boolean":
        return "`true`, `false`"
    if "enum" in kind:
        return ", ".join(f"`{choice}`" for choice in kind["enum"])
    if "pattern" in kind:
        return f"`{kind['title'].lower()}`" if "title" in kind else "a range"
    if kind.get("type") in ("integer", "number"):
        over = f"over {kind['exclusiveMinimum']:g}" if "exclusiveMinimum" in kind else f"{kind['minimum']:g}"
        return f"{over} to {_plain(kind['maximum'])}"
    return None


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"
