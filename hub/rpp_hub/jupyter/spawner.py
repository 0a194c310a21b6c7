"""Opens a project's workspace: asks the gate, starts the supervisor, and closes it when a condition is lost."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyterhub.spawner import Spawner
from tornado.web import HTTPError
from traitlets import Integer

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.errors import RppError
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.workspace_life import Life
from rpp_hub.installation import ensure_run_dir
from rpp_hub.jupyter.folders import make_folders
from rpp_hub.jupyter.starter import place_starter
from rpp_hub.services.environments import Located
from rpp_hub.services.staying import note_opening
from rpp_hub.workspace import client
from rpp_hub.workspace.allowances import limits_of
from rpp_hub.workspace.capability import mint
from rpp_hub.workspace.config import Framing, Secrets, SupervisorConfig, making, server_environment
from rpp_hub.workspace.environment import version_of
from rpp_hub.workspace.leftovers import holder, sweep
from rpp_hub.workspace.pool import waiting


class RppSpawner(Spawner):  # type: ignore[misc]
    """A named server a project, run by a supervisor that outlives the hub.

    The hub decides here, whoever asked for the server: nothing is started before the gate has let the person pass.
    """

    rpp: Rpp
    capability_days = Integer(
        30, help="Longest life of a workspace, in days; submitting stops after that."
    ).tag(config=True)

    run_name = ""
    closing = ""

    @property
    def server(self) -> Any:
        """The server as the hub keeps it, with its socket's URL.

        JupyterHub 6.1.1 keeps only protocol, host and port of an http+unix URL and so asks the proxy for `….sock:80`.
        """
        server = Spawner.server.fget(self)
        if server is not None and server.proto == "http+unix" and not server.connect_url:
            server.connect_url = f"http+unix://{server.ip}{server.base_url}"
        return server

    @server.setter
    def server(self, value: Any) -> None:
        Spawner.server.fset(self, value)

    @property
    def run_dir(self) -> Path:
        """Where the supervisor of this workspace has its sockets."""
        return self.rpp.installation.run_dir / "w" / (self.run_name or "none")

    @property
    def subject(self) -> str:
        """How the audit log calls this workspace."""
        return f"workspace:{self.name}/{self.user.name}"

    def get_state(self) -> dict[str, Any]:
        """What must survive a restart of the hub."""
        return {**super().get_state(), "run_name": self.run_name}

    def load_state(self, state: dict[str, Any]) -> None:
        """Back from the hub's database."""
        super().load_state(state)
        self.run_name = state.get("run_name", "")

    def clear_state(self) -> None:
        """After a stop."""
        super().clear_state()
        self.run_name = ""

    async def start(self) -> str:
        """Start the workspace and answer where it listens. Raises HTTPError with every reason of the gate."""
        person, project = self.user.name, self.name
        self._check_gate(person, project)
        folder = self.rpp.installation.workspace_dir(project, person)
        make_folders(self.rpp.installation, project, person)
        self._log_in_at_its_own_origin()
        reading = self.rpp.living.state(project, person) is Life.READING
        if not reading:
            place_starter(self.rpp, project, folder)
        runs = self.rpp.installation.run_dir / "w"
        runs.mkdir(mode=0o700, exist_ok=True)
        sweep(runs)  # what killed supervisors left
        version = self._environment().version
        with self.rpp.store.act(Actor(person, Via.HUB), "workspace:open", self.subject) as act:
            act.detail["cut"] = "" if reading else self.rpp.cutting.current(project).name
            note_opening(act, project, person, version, datetime.now(UTC))
        try:
            await self._open(folder, runs)
        except RppError as error:
            self._note_close(error.code)
            raise HTTPError(503, error.message, reason="workspace failed to start") from error
        return f"http+unix://{quote(str(self.run_dir / 'in.sock'), safe='')}"

    def _log_in_at_its_own_origin(self) -> None:
        """Where the hub sends a browser back to; JupyterHub has put the path alone there."""
        framing, client = self._framing(), self.orm_spawner.oauth_client
        if framing is not None and client is not None:
            client.redirect_uri = f"{framing.own}{self.server.base_url}oauth_callback"
            self.db.commit()

    def _framing(self) -> Framing | None:
        origins = self.rpp.settings.server.origins
        if origins is None:
            return None
        page = f"/services/rpp/projects/{quote(self.name, safe='')}/workspace/frame"
        return Framing(origins.of(self.user.name, self.name), origins.portal, page)

    async def _open(self, folder: Path, runs: Path) -> None:
        """In what waits, or anew."""
        warm = await waiting(runs) if self.rpp.settings.workspace.warm else {}
        for run, key in warm.items():
            self.run_name = run.name
            config = self._config(folder)
            if key == making(config, version_of(config.environment)) and await client.adopt(
                run, config, self._secrets()
            ):
                return
        self.run_name = secrets.token_hex(4)
        await client.start_supervisor(self._config(folder), self._secrets())

    async def stop(self, now: bool = False) -> None:
        """Stop the workspace; what was saved stays."""
        await client.stop(self.run_dir, self.closing or "stopped", patience=2.0 if now else 30.0)
        self._note_close(self.closing or "stopped")

    async def poll(self) -> int | None:
        """None while it runs. A workspace whose gate has closed is stopped here, within `poll_interval` seconds."""
        if not self.run_name:
            return 0
        if await client.status(self.run_dir) is None and holder(self.run_dir) is None:
            self._note_close("ended by itself")
            return 1
        reasons = self._refusals(self.user.name, self.name)
        if reasons:
            self.log.warning("Closing %s: %s", self.subject, ", ".join(r.code for r in reasons))
            await client.stop(self.run_dir, reasons[0].reason)
            self._note_close(", ".join(r.code for r in reasons))
            return 0
        allowance = self.rpp.egress.allowance(self.name, self.user.name)
        await client.raise_today(self.run_dir, allowance.raised_day, allowance.raised_total)
        return None

    def _check_gate(self, person: str, project: str) -> None:
        if not project:
            raise HTTPError(
                403, "Open a workspace from its project's page: there is one for each project, and no other."
            )
        reasons = self._refusals(person, project)
        if reasons:
            raise HTTPError(403, " ".join(r.reason for r in reasons), reason="refused by the gate")

    def _refusals(self, person: str, project: str) -> tuple[Refusal, ...]:
        try:
            return self.rpp.living.refusals(person, project)
        except RppError as error:  # fail closed: no project, no answer, no workspace
            return error.refusals

    def _config(self, folder: Path) -> SupervisorConfig:
        run_dir = ensure_run_dir(self.rpp.installation)
        reading = self.rpp.living.state(self.name, self.user.name) is Life.READING
        base_url = self.server.base_url
        logs = self.rpp.installation.logs_dir / "workspaces"
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        cut = None if reading else self.rpp.cutting.current(self.name)
        framing = self._framing()
        return SupervisorConfig(
            run_dir=self.run_dir,
            environment=self._environment().path,
            workspace=folder,
            data=None if cut is None else cut.path / "data",
            reading=reading,
            person=self.user.name,
            project=self.name,
            base_url=base_url,
            server_environment=server_environment(self.get_env(), "/hub/api", base_url, framing)
            | self._told("" if cut is None else cut.name),
            hub_socket=run_dir / "hub.sock",
            portal_socket=run_dir / "portal.sock",
            shared=self.rpp.installation.shared_dir(self.name),
            ingress=self.rpp.installation.ingress_dir(self.name),
            egress=self.rpp.egress.allowance(self.name, self.user.name),
            framing=framing,
            notices=self.rpp.projects.notices(
                self.user.name, self.name, self.rpp.settings.clocks.notice, reading=reading
            ),
            log=logs / f"{self.user.name}-{self.name}.log",
            kernel_environment=self.rpp.projects.appetite(self.name).told(),
            limits=limits_of(self.rpp.settings.workspace),
            loopback=self.name in self.rpp.settings.workspace.loopback_projects,
        )

    def _environment(self) -> Located:
        """The version that this project stays in."""
        return self.rpp.staying.of(self.name)

    def _told(self, cut: str) -> dict[str, str]:
        """What the server in the sandbox says of itself when it sends something, and by which thresholds it advises."""
        return {
            "RPP_CUT": cut,
            "RPP_ENVIRONMENT": self._environment().version,
            **self.rpp.projects.appetite(self.name).told(),
        }

    def _secrets(self) -> Secrets:
        expires = datetime.now(UTC) + timedelta(days=self.capability_days)
        return Secrets(
            api_token=self.api_token,
            capability=mint(self.rpp.portal_secret(), self.user.name, self.name, expires),
        )

    def _note_close(self, reason: str) -> None:
        self.rpp.workspaces.closed(system(Via.HUB), self.user.name, self.name, reason)
