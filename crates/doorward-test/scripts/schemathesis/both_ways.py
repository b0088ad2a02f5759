"""Requests to every operation of a document, made up by schemathesis: a line of JSON each, with
whether it fits the document.

    python both_ways.py DOCUMENT NUMBER
"""

import base64
import json
import re
import sys
import warnings
from urllib.parse import parse_qsl

import hypothesis
import requests
import schemathesis
from schemathesis import GenerationMode

BASE = "https://shop.test/v1"


# What each parameter of the document looks like as it is written, and how often it may stand there.
WRITTEN = {
    "limit": (re.compile(r"[1-9][0-9]?|100"), 1),
    "fields": (re.compile(r"[ab]"), 4),
    "sort": (re.compile(r"[a-z]{1,8}(,[a-z]{1,8})*"), 1),
}


def fits_as_written(target):
    """A value that does not fit may be written as one that does: the text 97 as the number is."""
    path, _, query = target.partition("?")
    if not re.fullmatch(r"/v1/orders/[1-9][0-9]{0,17}", path):
        return False
    fields = parse_qsl(query, keep_blank_values=True)
    names = [name for name, _ in fields]
    return all(
        name in WRITTEN
        and WRITTEN[name][0].fullmatch(value)
        and names.count(name) <= WRITTEN[name][1]
        for name, value in fields
    )


def line(case, mode):
    arguments = case.as_transport_kwargs(base_url=BASE)
    for name in ("timeout", "verify", "cert", "proxies", "allow_redirects", "stream"):
        arguments.pop(name, None)
    try:
        request = requests.Request(**arguments).prepare()
    except (requests.RequestException, UnicodeError, ValueError):
        # No client could send it.
        return None
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    headers = [[name, str(value)] for name, value in request.headers.items()]
    fits = mode is GenerationMode.POSITIVE
    if not fits and not body and fits_as_written(request.path_url):
        return None
    return {
        "fits": fits,
        "method": request.method,
        "target": request.path_url,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
    }


def main():
    warnings.simplefilter("ignore")
    document, number = sys.argv[1], int(sys.argv[2])
    schema = schemathesis.openapi.from_path(document)
    # The gate's guard of JSON takes the letter U+0000 in no text, whatever a schema says.
    schema.config.generation.update(allow_x00=False)
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)

            @hypothesis.settings(
                max_examples=number,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=strategy)
            def tell(case):
                made = line(case, mode)
                if made is not None:
                    print(json.dumps(made))

            tell()


main()
