"""The API of a project's end: its key and cuts destroyed, the certificate, the district's word that it is so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.vaulting import Certificate
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, Text, Word

router = APIRouter(prefix=f"{BASE}/api/projects/{{name}}/destruction", tags=["destruction"])


class CertificateOfProject(Closed):
    """What was destroyed, by whom, when and why; each file with its hash."""

    project: str
    certificate: Mapping[str, Any]


class DestroyProjectBody(Closed):
    """Why. `sure` is the project's name once more, since this cannot be undone."""

    sure: Word
    reason: Text = ""


@router.get("")
def certificate(portal: PortalDep, viewer: ViewerDep, name: str) -> CertificateOfProject:
    """The certificate of a destroyed project."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return _told(portal.rpp.vaulting.certificate(viewer.actor, name))


@router.post("", dependencies=CHANGES)
def destroy(
    portal: PortalDep, viewer: ViewerDep, name: str, body: DestroyProjectBody
) -> CertificateOfProject:
    """Destroy a closed project's key, codes, linked surveys and cuts: its codes can never be told again."""
    viewer.check_may(Permission.VAULT_DESTROY)
    portal.rpp.projects.seen_by(viewer.actor, name)
    if body.sure.strip() != name:
        raise Invalid(
            f"Nothing was destroyed: `sure` must be {name} to show that you mean this project.",
            code="not-confirmed",
        )
    return _told(portal.rpp.vaulting.destroy(viewer.actor, name, body.reason.strip()))


@router.post("/confirm", dependencies=CHANGES, status_code=204)
def confirm(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """Confirm for the district that a project's data is destroyed."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.dues.confirm_destruction(viewer.actor, name)
    return Response(status_code=204)


def _told(made: Certificate) -> CertificateOfProject:
    return CertificateOfProject(project=made.project, certificate=made.content)
