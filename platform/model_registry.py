"""MLflow's model registry: the best network of each task and dataset, its versions and their champion.

Registering is idempotent: a version is known by the SHA-256 of its weights, which is one of its tags.
MLflow has no unique keys, so whoever looks last deletes the later ones of equal versions. The alias
`CHAMPION` belongs to slipbench; others stay as people set them.
"""

from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from slipbench.platform.registration import CARD, Registration

CHAMPION = "champion"
SHA256 = "slipbench.weights_sha256"
_SCORE = "slipbench.score."
#: MLflow's limit of a version's description.
_CHARACTERS = 5000
#: How often the champion is looked at again because other homes register at the same time.
_TRIES = 10


@dataclass(frozen=True)
class Registered:
    """A version that is there: its number, whether it is new, and what became of the champion."""

    version: int
    new: bool
    champion: str


def register(client: MlflowClient, run_id: str, wanted: Registration) -> Registered:
    """Register a network where its weights are not yet, and see whether it is the new champion.

    Parameters
    ----------
    client : MlflowClient
        Of tracking server and registry.
    run_id : str
        The suite's run.
    wanted : Registration
        The network and its package.
    """
    _make(client, wanted.name)
    same = _same(client, wanted)
    made = None
    if not same:
        made = _add(client, run_id, wanted)
        same = _same(client, wanted)
    version = same[0]
    if _SCORE + wanted.board not in version.tags:
        client.set_model_version_tag(wanted.name, version.version, _SCORE + wanted.board, repr(wanted.score))
    for double in same[1:]:
        _delete(client, double)
    return Registered(_number(version), made == _number(version), _crown(client, wanted))


def _make(client: MlflowClient, name: str) -> None:
    try:
        client.get_registered_model(name)
    except MlflowException:
        try:
            client.create_registered_model(name)
        except MlflowException:  # made by another home since
            client.get_registered_model(name)


def _versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    """All versions of a registered model, the oldest first."""
    found: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=_number)


def _same(client: MlflowClient, wanted: Registration) -> list[ModelVersion]:
    """Versions with the wanted weights, the oldest first."""
    return [v for v in _versions(client, wanted.name) if v.tags.get(SHA256) == wanted.sha256]


def _number(version: ModelVersion) -> int:
    return int(version.version)


def _add(client: MlflowClient, run_id: str, wanted: Registration) -> int:
    """Upload the package and make a version of it; its number."""
    folder, experiment = Path(wanted.folder), client.get_run(run_id).info.experiment_id
    same = f"tags.`{SHA256}` = '{wanted.sha256}'"
    there = client.search_logged_models([experiment], filter_string=same)
    # not among the artifacts of a run, which may be deleted as the double of another home's
    logged = (
        there[0]
        if there
        else client.create_logged_model(
            experiment, name=wanted.name, source_run_id=run_id, tags=dict(wanted.tags), model_type="slipbench"
        )
    )
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    version = client.create_model_version(
        wanted.name,
        logged.artifact_location,
        run_id=run_id,
        tags=dict(wanted.tags) | {_SCORE + wanted.board: repr(wanted.score)},
        description=(folder / CARD).read_text()[:_CHARACTERS],
        model_id=logged.model_id,
    )
    for other in client.search_logged_models([experiment], filter_string=same):
        # made by a call whose answer was lost, so that it was made twice
        if other.source_run_id == run_id and other.status == LoggedModelStatus.PENDING:
            client.delete_logged_model(other.model_id)
    return _number(version)


def _delete(client: MlflowClient, version: ModelVersion) -> None:
    try:
        client.delete_model_version(version.name, version.version)
    except MlflowException as error:  # another home was faster
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise


def _crown(client: MlflowClient, wanted: Registration) -> str:
    """Give `CHAMPION` to the best version of the board, unless its holder was tested on other data.

    Returns
    -------
    str
        In words, who has it.
    """
    for _ in range(_TRIES):
        versions = {_number(v): v for v in _versions(client, wanted.name)}
        held = client.get_registered_model(wanted.name).aliases.get(CHAMPION)
        holder = None if held is None else int(held)
        scores = {
            n: float(v.tags[_SCORE + wanted.board])
            for n, v in versions.items()
            if _SCORE + wanted.board in v.tags
        }
        if holder is not None and holder not in scores:
            return f"champion stays version {holder}, which was tested on other data"
        sign = 1 if wanted.higher_is_better else -1
        best = max(scores, key=lambda n: (sign * scores[n], n == holder, -n))
        if best == holder:
            return f"champion is version {best}"
        client.set_registered_model_alias(wanted.name, CHAMPION, str(best))
    raise RuntimeError(
        f"the champion of {wanted.name} is changed by others at the same time, {_TRIES} times over"
    )
