"""How the API takes files: multipart/form-data read into a closed body, once it is known that the caller may send it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.datastructures import UploadFile

from rpp_hub.web.auth import ViewerDep, check_api_call

_MOST_FILES, _MOST_FIELDS = 2, 100
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent."""

    file_name: str
    content: bytes = field(repr=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "binary"}


def sent(kind: type[M]) -> Callable[[Request, ViewerDep], Awaitable[M]]:
    """A dependency that reads the body. Nothing of it is read for those who may change nothing."""
    many = {name for name, told in kind.model_fields.items() if get_origin(told.annotation) is list}

    async def read(request: Request, viewer: ViewerDep) -> M:
        await check_api_call(request, viewer)
        async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
            given = {
                key: [await _value(v) for v in form.getlist(key)] if key in many else await _value(form[key])
                for key in form
            }
        try:
            return kind.model_validate(given)
        except ValidationError as error:
            raise RequestValidationError(error.errors(include_input=False, include_url=False)) from None

    return read


def described(kind: type[BaseModel]) -> dict[str, Any]:
    """The body as OpenAPI has it, for `openapi_extra`."""
    schema = kind.model_json_schema()
    known = schema.pop("$defs", {})
    content = {"multipart/form-data": {"schema": _inlined(schema, known)}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, known: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(part, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {**known.get(str(schema.get("$ref", "")).rpartition("/")[2], {}), **schema}
    return {key: _inlined(value, known) for key, value in whole.items() if key != "$ref"}


async def _value(value: str | UploadFile) -> str | Upload:
    return value if isinstance(value, str) else Upload(value.filename or "", await value.read())
