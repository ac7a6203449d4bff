"""Read a gateway's configuration: every name must be known, every value of its type; the first error is told."""

from __future__ import annotations

import dataclasses
import types
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import yaml

from stillwatch.enforcement.barriers import BARRIERS, Barrier
from stillwatch.enforcement.barriers import base as barriers_base
from stillwatch.ingest.addresses import trusted_networks
from stillwatch.model.errors import InputError
from stillwatch.serve.gateway import settings
from stillwatch.serve.gateway.settings import DEFAULT_PATHS, Path, Settings, Upstream

if TYPE_CHECKING:
    from pathlib import Path as FilePath

T = TypeVar("T")

_LONGEST: Final = 1_000_000
_NAMES: Final = {**vars(settings), **vars(barriers_base), "Mapping": dict, "Literal": Literal}
_LEFT_TO_US: Final = ("key",)
"""Fields of barriers that no configuration sets: secrets."""


def read_settings(file: FilePath) -> Settings:
    """Read a configuration file.

    Parameters
    ----------
    file
        YAML, as the reference page of the gateway describes it.

    Raises
    ------
    InputError
        The file cannot be read, or something in it is unknown, missing or of the wrong kind; the message says where.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: the configuration cannot be read: {error.strerror}") from error
    if len(text) > _LONGEST:
        raise InputError(f"{file}: the configuration is longer than {_LONGEST:,} bytes")
    try:
        # Aliases are not needed here, and a few of them can stand for gigabytes.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise InputError(f"{file}: aliases (*name) are not read here; write the value out")
        tree = yaml.load(text, _Once)  # noqa: S506  a SafeLoader that refuses a name given twice
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{file}: this is no YAML: {str(error).splitlines()[0]}") from error
    return _placed(settings_of(tree, str(file)), file.parent)


def _placed(read: Settings, folder: FilePath) -> Settings:
    """Mean the files that a configuration names from where it stands itself."""

    def at(name: str) -> str:
        return str(folder / name) if name else ""

    return dataclasses.replace(
        read,
        key=at(read.key),
        accounts=dataclasses.replace(read.accounts, keys_file=at(read.accounts.keys_file)),
        decisions=dataclasses.replace(read.decisions, secret_file=at(read.decisions.secret_file)),
        upstreams={
            name: dataclasses.replace(one, credential_file=at(one.credential_file))
            for name, one in read.upstreams.items()
        },
    )


class _Once(yaml.SafeLoader):
    """Refuses a mapping that gives one name twice: YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping."""
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise yaml.YAMLError(f"{name!r} is given twice, line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def settings_of(tree: object, where: str) -> Settings:
    """Turn a decoded configuration into settings."""
    tree = dict(_mapping(tree, where))
    changed = _mapping(tree.pop("barriers", {}), f"{where}: barriers")
    paths = _mapping(tree.pop("paths", {}), f"{where}: paths")
    upstreams = _mapping(tree.pop("upstreams", {}), f"{where}: upstreams")
    tree["upstreams"] = {}
    read = _fill(Settings, tree, where)
    read = dataclasses.replace(
        read,
        upstreams={name: _fill(Upstream, one, f"{where}: upstreams.{name}") for name, one in upstreams.items()},
        paths={**DEFAULT_PATHS, **{path: _fill(Path, one, f"{where}: paths.{path}") for path, one in paths.items()}},
        barriers=_barriers(changed, f"{where}: barriers"),
    )
    _check(read, where)
    return read


def _barriers(changed: dict[str, Any], where: str) -> tuple[Barrier, ...]:
    known = {barrier.name: barrier for barrier in BARRIERS}
    if unknown := sorted(set(changed) - set(known)):
        raise InputError(f"{where}: there is no barrier {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(
        _fill(type(one), changed[name], f"{where}.{name}", one) if name in changed else one
        for name, one in known.items()
    )


def _check(read: Settings, where: str) -> None:
    if "default" not in read.upstreams:
        raise InputError(f"{where}: upstreams: name one `default`, with its `url`")
    for name, upstream in read.upstreams.items():
        address = urlsplit(upstream.url)
        if address.scheme not in {"http", "https"} or not address.hostname or address.query or address.fragment:
            raise InputError(f"{where}: upstreams.{name}.url: write an address such as https://api.example.com")
        if bool(upstream.credential_header) != bool(upstream.credential_file):
            raise InputError(f"{where}: upstreams.{name}: credential_header and credential_file belong together")
    _check_paths(read, where)
    if read.accounts.header and not read.accounts.proxies:
        raise InputError(f"{where}: accounts.header: name the proxies that may set it in accounts.proxies")
    for name, networks in (("accounts.proxies", read.accounts.proxies), ("forwarded_by", read.forwarded_by)):
        try:
            trusted_networks(networks)
        except InputError as error:
            raise InputError(f"{where}: {name}: write a network such as 10.0.0.0/8") from error


def _check_paths(read: Settings, where: str) -> None:
    for path, one in read.paths.items():
        if not path.startswith("/") or "*" in path.removesuffix("/*"):
            raise InputError(f"{where}: paths: {path!r} must begin with / and may end with /*")
        if one.upstream not in read.upstreams:
            raise InputError(f"{where}: paths.{path}.upstream: there is no upstream {one.upstream!r}")


def _mapping(given: object, where: str) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
        raise InputError(f"{where}: expected names with values")
    return given


def _fill(cls: type[T], given: object, where: str, start: T | None = None) -> T:
    """Build a dataclass from names and values, or change one."""
    values = _mapping(given, where)
    hints = get_type_hints(cls, globalns=_NAMES)
    known = [f.name for f in dataclasses.fields(cls) if not (start is not None and f.name in _LEFT_TO_US)]  # type: ignore[arg-type]
    if unknown := [name for name in values if name not in known]:
        raise InputError(f"{where}: {unknown[0]!r} is no setting here; there are {', '.join(known)}")
    read = {name: _value(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    if start is not None:
        return dataclasses.replace(start, **read)  # type: ignore[type-var]
    required = [f.name for f in dataclasses.fields(cls) if f.default is f.default_factory is dataclasses.MISSING]  # type: ignore[arg-type]
    if missing := [name for name in required if name not in read]:
        raise InputError(f"{where}: {missing[0]!r} is missing")
    return cls(**read)


def _value(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401
    origin = get_origin(kind)
    if origin is types.UnionType:
        kind, origin = get_args(kind)[0], get_origin(get_args(kind)[0])
    if origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            raise InputError(f"{where}: expected one of {', '.join(map(str, get_args(kind)))}")
        return value
    if origin is tuple:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise InputError(f"{where}: expected a list of texts")
        return tuple(value)
    if dataclasses.is_dataclass(kind):
        return _fill(kind, value, where)  # type: ignore[arg-type]
    if isinstance(kind, type) and issubclass(kind, IntEnum):
        names = [one.name.lower() for one in kind]
        if value not in names:
            raise InputError(f"{where}: expected one of {', '.join(names)}")
        return kind[str(value).upper()]
    if origin is dict or kind is dict:
        return _mapping(value, where)
    return _plain(kind, value, where)


def _plain(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise InputError(f"{where}: expected {words[kind]}")
    if kind in {int, float} and not 0 <= value < float("inf"):
        raise InputError(f"{where}: expected {words[kind]} from 0")
    return value
