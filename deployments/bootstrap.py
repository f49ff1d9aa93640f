"""What prefect.yaml cannot say: `python -m deployments.bootstrap [PREFECT_YAML]`.

Makes the work pools and registers the block types on the API that PREFECT_API_URL names. Doing it again changes nothing, and
nothing that an operator has changed is set back. Needs no block document: without one, a library is the embedded one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from core.errors import LevadaError, UsageError
from deployments import block_types, check, work_pools


def bootstrap(prefect_yaml: Path = check.OURS) -> dict[str, list[str]]:
    """Bring the server to the state that our deployments need; what was made, by kind.

    Raises UsageError if no server is named or prefect.yaml has a fault: then nothing is changed.
    """
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        raise UsageError("set PREFECT_API_URL to the Prefect server to prepare, or start one with `levada up`")
    if faults := check.faults(prefect_yaml):
        raise UsageError(f"{prefect_yaml.name}: {'; '.join(faults)}")
    with get_client(sync_client=True) as client:
        return {"work pools": work_pools.ensure(client), "block types": block_types.ensure(client)}


def main() -> int:
    """Say in a line what was made. Exit codes: 0 done, 2 usage, 1 failed."""
    import httpx

    try:
        made = bootstrap(*map(Path, sys.argv[1:2]))
    except httpx.HTTPError as exc:
        print(f"Prefect's server does not answer as it should: {exc or type(exc).__name__} (PREFECT_API_URL)", file=sys.stderr)  # noqa: T201
        return 1
    except LevadaError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(exc, UsageError) else 1
    words = [f"{kind}: {', '.join(names)}" for kind, names in made.items() if names]
    print("made " + "; ".join(words) if words else "nothing to do")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
