"""One of several processes that build a store together, on any machines that see its folder."""

from dataclasses import dataclass
from pathlib import Path

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.location import folder_of, make_folder
from slipbench.datasets.recipes.build import Progress, compute, silent
from slipbench.datasets.recipes.pools import Pool, threads
from slipbench.datasets.store.manifest import MANIFEST, Manifest, read_manifest, read_record
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.writer import building, seal, start


@dataclass(frozen=True)
class Share:
    """Which part of a store a process builds.

    Parameters
    ----------
    index, of : int
        The process owns the shards ``index``, ``index + of``, ``index + 2 of`` and so on; index from 0.
    """

    index: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.of:
            raise ValueError(f"index {self.index} of {self.of}; 0 to {self.of - 1} are possible")

    def shards(self, plan: Plan) -> range:
        """The shards of `plan` that are its own; none where there are fewer shards than processes."""
        return range(self.index, plan.n_shards, self.of)


def build_share(
    plan: Plan, out: str | Path, share: Share, pool: Pool = threads, progress: Progress = silent
) -> Manifest | None:
    """Write the shards of one share, and seal the store where these were the last ones.

    The shares may run at once or one after another, in any order; each may be killed and started again, and
    goes on where it was. The store is that of `build`, to the byte.

    Parameters
    ----------
    plan : Plan
        From a recipe; the same for all shares.
    out : str or Path
        Folder or URI of the store (`folder_of`); a folder must be on storage whose locks (flock) hold for all
        processes.
    share : Share
        Which one this is.
    pool, progress
        As for `build`; progress counts the shards of the share.

    Returns
    -------
    Manifest or None
        None while shards of other shares are missing.

    Raises
    ------
    InputError
        When `out` cannot take this dataset.
    """
    folder, own = folder_of(out), share.shards(plan)
    make_folder(folder)
    with one_blas_thread():
        with building(folder, wait=True):
            todo = start(folder, plan, own)
            if (folder / MANIFEST).exists():
                return read_manifest(folder)
        progress(len(own) - len(todo), len(own))
        compute(folder, plan, todo, pool, progress, len(own))
        with building(folder, wait=True):
            start(folder, plan, ())
            if (folder / MANIFEST).exists():  # the share that wrote the last shard was here first
                return read_manifest(folder)
            return seal(folder, plan) if not missing(folder, plan) else None


def missing(folder: Path, plan: Plan) -> int:
    """Shards of an unsealed store that nobody has written yet."""
    return sum(read_record(folder, shard) is None for shard in range(plan.n_shards))
