"""A supervisor understands its configuration wholly, or refuses it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rpp_hub.workspace.config import (
    InvalidConfig,
    Limits,
    Purpose,
    RerunOrder,
    Secrets,
    SupervisorConfig,
    from_json,
    server_environment,
    to_json,
)

PLAIN = SupervisorConfig(
    run_dir=Path("/run/x"),
    environment=Path("/env"),
    workspace=Path("/w"),
    data=Path("/d"),
    base_url="/user/alice/gaps/",
    server_environment={"JUPYTERHUB_USER": "alice"},
    limits=Limits(kernels=3, address_space=5),
)
SECRETS = Secrets(api_token="t", capability="c")


@pytest.mark.parametrize(
    "config",
    [
        PLAIN,
        replace(PLAIN, data=None),
        replace(PLAIN, purpose=Purpose.RERUN, rerun=RerunOrder(3, 4, seconds=5.5)),
    ],
)
def test_what_is_written_is_read_back_the_same(config: SupervisorConfig) -> None:
    assert from_json(to_json(config, SECRETS)) == (config, SECRETS)


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("config", "surprise", 1),
        ("config", "run_dir", 7),
        ("config", "purpose", "something"),
        ("config", "limits", {"kernels": "many"}),
        ("config", "limits", {"kernels": True}),
        ("config", "server_environment", {"A": 1}),
        ("config", "base_url", "/user/a\nb/"),
        ("config", "server_environment", {"JUPYTERHUB_API_TOKEN": "t"}),
        ("secrets", "api_token", None),
        ("secrets", "more", "x"),
    ],
)
def test_an_unknown_key_and_a_wrong_kind_are_refused(part: str, key: str, value: object) -> None:
    document = json.loads(to_json(PLAIN, SECRETS))
    document[part][key] = value
    with pytest.raises(InvalidConfig):
        from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": {}, "secrets": {}}', "{" * 100])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig):
        from_json(text)


def test_secrets_are_not_shown_where_a_configuration_is_printed() -> None:
    assert "t" not in repr(Secrets(api_token="t")).removeprefix("Secrets")


def test_the_servers_environment_has_the_hubs_names_and_neither_token_nor_anything_else() -> None:
    given = {
        "JUPYTERHUB_API_TOKEN": "secret",
        "JPY_API_TOKEN": "secret",
        "JUPYTERHUB_USER": "alice",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api",
        "AWS_SECRET": "secret",
        "PATH": "/root/bin",
    }
    made = server_environment(given, "/hub/api", "/user/alice/gaps/")
    assert "secret" not in made.values()
    assert "PATH" not in made
    assert made["JUPYTERHUB_API_URL"] == "http+unix://%2Frun%2Frpp%2Fhub.sock/hub/api"
    assert made["JUPYTERHUB_SERVICE_URL"].startswith("http://127.0.0.1:8888/")
