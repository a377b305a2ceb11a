"""Reads one YAML file of settings so that every complaint can name file, line and key.

Scalars stay the text that was written (`001` is no octal number, `NO` is no boolean): whoever asked
for a value converts it. What surprises people in YAML (duplicate keys, anchors, tags) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str | int, ...]
"""Where a value stands: ("thresholds", "evidence_hours") or ("owners", 0)."""

_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in _KINDS}
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True, order=True)
class FileError:
    """One thing that is wrong in one file; `line` counts from 1, `key` is empty where none is concerned."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {f'{self.key}: ' if self.key else ''}{self.message}"


@dataclass(slots=True)
class YamlFile:
    """What a file says: nested dicts and lists of text (None for an empty value), and each key's line."""

    file: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    errors: list[FileError] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """Return the line of that key, or of the closest key above it; 1 where there is none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def refuse(self, path: KeyPath, message: str) -> None:
        """Note what is wrong with the value at `path`."""
        self.errors.append(FileError(self.file, self.line(path), dotted(path), message))


def dotted(path: KeyPath) -> str:
    """Write a key path as people do: `thresholds.evidence_hours`, `owners[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def read(path: Path, file: str = "") -> YamlFile:
    """Read a YAML file; whatever is wrong with it stands in `errors`, nothing is raised.

    Args:
        path: the file.
        file: how the errors call it, the path where empty.
    """
    result = YamlFile(file or str(path))
    text = _text(path, result)
    if text is None:
        return result
    try:
        node = _Loader(text).get_single_node()
        if node is not None:
            result.values = _mapping(node, result)
    except yaml.YAMLError as error:
        line, message = _explain(error, text)
        result.errors.append(FileError(result.file, line, _key_on(text, line), message))
    except RecursionError:
        result.errors.append(FileError(result.file, 1, "", "is nested too deeply"))
    return result


class _Loader(yaml.SafeLoader):
    """Composes nodes only; an alias can make a file endless, so none is followed."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            mark = event.start_mark
            raise yaml.MarkedYAMLError(problem="anchors are not used here: write the value out", problem_mark=mark)
        return super().compose_node(parent, index)


def _text(path: Path, result: YamlFile) -> str | None:
    try:
        body = path.read_bytes()
    except OSError as error:
        result.errors.append(FileError(result.file, 1, "", f"cannot be read: {error.strerror or type(error).__name__}"))
        return None
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        result.errors.append(FileError(result.file, line, "", "is not UTF-8 text: save the file as UTF-8"))
        return None


def _mapping(root: yaml.Node, result: YamlFile) -> dict[str, Any]:
    if isinstance(root, yaml.MappingNode):
        values = _value(root, (), result)
        return values if isinstance(values, dict) else {}
    if not (isinstance(root, yaml.ScalarNode) and root.tag == _NULL):
        result.errors.append(FileError(result.file, _line(root), "", "must hold lines of the form `key: value`"))
    return {}


def _value(node: yaml.Node, path: KeyPath, result: YamlFile) -> Any:
    if node.tag not in _PLAIN_TAGS:
        result.refuse(path, "YAML tags (`!…`) are not used here: write the plain value")
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            result.lines[(*path, index)] = _line(item)
            items.append(_value(item, (*path, index), result))
        return items
    if isinstance(node, yaml.MappingNode):
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            _entry(key_node, value_node, path, values, result)
        return values
    return None if node.tag == _NULL else node.value


def _entry(key_node: yaml.Node, value_node: yaml.Node, path: KeyPath, values: dict[str, Any], result: YamlFile) -> None:
    if not isinstance(key_node, yaml.ScalarNode):
        result.errors.append(FileError(result.file, _line(key_node), dotted(path), "a key must be one plain word"))
        return
    inner = (*path, key_node.value)
    if key_node.value in values:
        first = result.lines[inner]
        message = f"stands here twice: the first is in line {first}"
        result.errors.append(FileError(result.file, _line(key_node), dotted(inner), message))
        return
    result.lines[inner] = _line(key_node)
    values[key_node.value] = _value(value_node, inner, result)


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line
    return line + 1


def _explain(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Say in plain words what PyYAML could not read, and in which line."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "cannot be read as YAML"
        if r"'\t'" in problem:
            problem = "a tab cannot indent or separate YAML: use spaces"
        elif "mapping values are not allowed" in problem:
            problem = "has a second `: ` in one line, or wrong indentation: put the value in quotes or align the keys"
        elif isinstance(error, yaml.composer.ComposerError) and "another document" in problem:
            problem = "holds a second document (`---`): one organization per file"
        return (mark.line + 1 if mark else 1), problem
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1, "holds a character that YAML does not allow"
    return 1, "cannot be read as YAML"


def _key_on(text: str, line: int) -> str:
    lines = text.splitlines()
    match = re.match(r"[\s-]*([\w.-]+)\s*:", lines[line - 1]) if 0 < line <= len(lines) else None
    return match[1] if match else ""
