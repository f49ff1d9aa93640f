"""Work pools: where a deployment's runs wait for a worker. prefect.yaml can name them, not make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UsageError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

POOLS = {"levada": "process"}
"""{name: type} of all pools that deployments may use."""


def ensure(client: SyncPrefectClient) -> list[str]:
    """Make the pools that are missing and return their names. One that is there stays as it is, paused or changed or not.

    Raises UsageError if a pool of that name is of another type: no worker of ours could serve it.
    """
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.base import BaseWorker

    made = []
    for name, kind in POOLS.items():
        try:
            pool = client.read_work_pool(name)
        except ObjectNotFound:
            worker = BaseWorker.get_worker_class_from_type(kind)
            template = worker.get_default_base_job_template() if worker else {}
            description = "Runs of Levada, each a process beside its worker."
            client.create_work_pool(WorkPoolCreate(name=name, type=kind, description=description, base_job_template=template))
            made.append(name)
        else:
            if pool.type != kind:
                raise UsageError(f"work pool {name!r} is of type {pool.type!r}, not {kind!r}: rename or delete it in the UI")
    return made
