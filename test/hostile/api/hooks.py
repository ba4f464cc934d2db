"""What schemathesis cannot know of Breadbox's addresses. BREADBOX_SEEDED: JSON, the values of path parameters of things that exist."""

import json
import os
import zlib

import schemathesis

seeded = json.loads(os.environ.get("BREADBOX_SEEDED", "{}"))
# Slashes in these are not escaped, as the document says in words: OpenAPI 3.0 has no word for it.
with_slashes = ("name", "trust")


@schemathesis.hook
def before_call(context, case, kwargs):
    parameters = dict(case.path_parameters or {})
    meta = case.meta
    is_free = (
        meta is not None
        and meta.generation.mode.is_positive
        and all(component.mode.is_positive for component in meta.components.values())
        and meta.phase.name.name != "STATEFUL"
    )
    # Every second request is about something that exists: the others hardly ever meet it.
    draw = zlib.crc32(repr((case.path, sorted(parameters.items()))).encode())
    if is_free and draw % 2 == 0:
        for name in parameters:
            values = seeded.get(name, [])
            if values:
                parameters[name] = values[draw // 2 % len(values)]
    for name in with_slashes:
        if name in parameters:
            parameters[name] = str(parameters[name]).replace("%2F", "/")
    if parameters != (case.path_parameters or {}):
        case.path_parameters = parameters


closing_path = "/v2/{name}/blobs/uploads/{uploadId}"
ended = set()


@schemathesis.hook
def after_call(context, case, response):
    # A closing request ends its session, also when the bytes have another digest.
    if case.method == "PUT" and case.path == closing_path:
        ended.add((case.path_parameters or {}).get("uploadId"))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind = type(failure).__name__
    # A client that was wrong too often is refused without a look at what it sends: as good as 401.
    if kind == "IgnoredAuth":
        return "`429 " not in failure.message
    if kind == "EnsureResourceAvailability" and case.path == closing_path:
        return (case.path_parameters or {}).get("uploadId") not in ended
    # It takes the secret of a new token for its name, because both are called token.
    if kind == "EnsureResourceAvailability" and case.path == "/v1/tokens/{token}":
        return not str((case.path_parameters or {}).get("token")).startswith("bbx_")
    # A slash that was written by `before_call` counts as malformed.
    return "Invalid component: positive test case" not in failure.message
