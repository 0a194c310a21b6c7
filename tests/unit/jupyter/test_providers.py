"""What a preset makes of rpp.toml, and what it asks its operator for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from oauthenticator.azuread import AzureAdOAuthenticator
from oauthenticator.cilogon import CILogonOAuthenticator
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.google import GoogleOAuthenticator
from pydantic import ValidationError
from rpp_hub.domain.permissions import Role
from rpp_hub.jupyter.openid import OpenIdAuthenticator
from rpp_hub.jupyter.providers import PRESETS, REFEDS_MFA, authenticator_config, provider_of, rules_of
from rpp_hub.settings import Login
from traitlets.config import Config

CLIENT: dict[str, Any] = {"kind": "oidc", "client_id": "rpp", "client_secret_file": "/etc/rpp/secret"}
TENANT = "11111111-2222-3333-4444-555555555555"
OWN: dict[str, Any] = {
    name: f"https://idp.example/{name}"
    for name in ("issuer", "authorize_url", "token_url", "userdata_url", "jwks_url")
}


def test_the_presets_are_those_the_settings_know() -> None:
    known = Login.model_fields["preset"].annotation
    assert set(PRESETS) | {""} == set(getattr(known, "__args__", ()))


def test_cilogon() -> None:
    login = Login(**CLIENT, preset="cilogon", multi_factor=(Role.DATA_MANAGER,))
    config = authenticator_config(login)
    assert config["authorize_url"] == "https://cilogon.org/authorize"
    assert "org.cilogon.userinfo" in config["scope"]
    assert config["extra_authorize_params"] == {"acr_values": REFEDS_MFA}
    assert rules_of(login).issuer == "https://cilogon.org"
    assert not rules_of(login).email_required
    assert provider_of(login).end_session_url == "https://cilogon.org/logout"


def test_google() -> None:
    login = Login(**CLIENT, preset="google", hosted_domain="bayview.example")
    config = authenticator_config(login)
    assert config["token_url"] == "https://oauth2.googleapis.com/token"
    assert config["extra_authorize_params"] == {"hd": "bayview.example"}
    assert rules_of(login).hosted_domain == "bayview.example"
    assert rules_of(login).email_required
    with pytest.raises(ValidationError, match="Google never states"):
        Login(**CLIENT, preset="google", multi_factor=(Role.DATA_MANAGER,))


def test_entra() -> None:
    login = Login(**CLIENT, preset="entra", tenant=TENANT, multi_factor=(Role.OUTPUT_REVIEWER,))
    config = authenticator_config(login)
    assert config["authorize_url"] == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize"
    assert config["extra_authorize_params"] == {}
    assert rules_of(login).issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert rules_of(login).amr == {"mfa"}
    assert "{tenant}" not in repr(provider_of(login))


@pytest.mark.parametrize("tenant", ["", "common", "organizations", "consumers"])
def test_entra_of_everybody_is_refused(tenant: str) -> None:
    with pytest.raises(ValidationError, match="tenant"):
        Login(**CLIENT, preset="entra", tenant=tenant)


@pytest.mark.parametrize("name", OWN)
def test_without_a_preset_every_endpoint_is_needed(name: str) -> None:
    Login(**CLIENT, **OWN)
    with pytest.raises(ValidationError, match=name):
        Login(**CLIENT, **{k: v for k, v in OWN.items() if k != name})


@pytest.mark.parametrize("preset", ["cilogon", "google", "entra", ""])
def test_every_trait_is_one_that_oauthenticator_has(preset: str) -> None:
    more: dict[str, Any] = OWN if not preset else {"preset": preset, "tenant": TENANT}
    config = authenticator_config(Login(**CLIENT, **more))
    assert set(config) <= set(GenericOAuthenticator.class_traits())
    assert config["enable_pkce"] is True
    assert config["manage_groups"] is False, "a provider's groups are not even read"
    assert not {"admin_groups", "allowed_groups", "admin_users", "allow_all"} & set(config)


def made(login: Login) -> OpenIdAuthenticator:
    """The authenticator as JupyterHub would make it of this configuration."""
    config = Config()
    for name, value in authenticator_config(login).items():
        config.OpenIdAuthenticator[name] = value
    return OpenIdAuthenticator(config=config, client_secret="secret")


@pytest.mark.parametrize("preset", ["cilogon", "google", "entra", ""])
def test_the_authenticator_that_the_hub_makes_is_as_the_preset_says(preset: str) -> None:
    more: dict[str, Any] = OWN if not preset else {"preset": preset, "tenant": TENANT}
    login = Login(**CLIENT, **more)
    authenticator, provider = made(login), provider_of(login)
    assert authenticator.authorize_url == provider.authorize_url
    assert authenticator.token_url == provider.token_url
    assert authenticator.userdata_url == provider.userdata_url
    assert authenticator.scope == list(provider.scope)
    assert {"openid", "email"} <= set(authenticator.scope)
    assert authenticator.enable_pkce
    # who may in is the register's word alone: oauthenticator itself would let in nobody
    assert not authenticator.allow_all
    assert not authenticator.allow_existing_users
    assert authenticator.allowed_users == authenticator.admin_users == set()
    assert authenticator.allowed_groups == authenticator.admin_groups == set()
    assert not authenticator.manage_groups
    assert not authenticator.manage_roles
    assert OpenIdAuthenticator.user_info_to_username is not GenericOAuthenticator.user_info_to_username


def test_the_presets_lead_where_oauthenticators_own_classes_do() -> None:
    idps = {"https://idp.example/idp": {"username_derivation": {"username_claim": "sub"}}}
    theirs: dict[Any, Any] = {
        "cilogon": CILogonOAuthenticator(allowed_idps=idps, allow_all=True),
        "google": GoogleOAuthenticator(allow_all=True),
        "entra": AzureAdOAuthenticator(allow_all=True, tenant_id=TENANT),
    }
    for preset, there in theirs.items():
        ours = made(Login(**CLIENT, preset=preset, tenant=TENANT))
        assert urlsplit(ours.authorize_url).hostname == urlsplit(there.authorize_url).hostname, preset
        assert set(there.scope) <= set(ours.scope), preset
    exact = made(Login(**CLIENT, preset="cilogon"))
    assert exact.authorize_url == theirs["cilogon"].authorize_url
    assert exact.token_url == theirs["cilogon"].token_url
    assert exact.userdata_url == theirs["cilogon"].userdata_url
    assert made(Login(**CLIENT, preset="google")).authorize_url == theirs["google"].authorize_url
    assert TENANT in made(Login(**CLIENT, preset="entra", tenant=TENANT)).token_url
