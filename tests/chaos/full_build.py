"""A full build killed again and again, beside an undisturbed one: ``python -m tests.chaos.full_build``.

The first build runs to its end. The second is killed three times with SIGKILL (client and workers together)
at random moments and started again each time; in its last run one worker is killed at a random moment too.
Both are verified, and every file of the two is compared by its SHA-256. Prints a report in Markdown.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from slipbench.benchmarks.speed.process import watch
from slipbench.datasets.store.manifest import read_manifest

from .builds import SLIPBENCH, digests, environment, shards_done, wait_for_shards, workers

KILLS = 3


def main() -> None:
    """Build twice, kill the second, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="source_honshu_20k", help="dataset configuration")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="seed of the moments of the kills")
    parser.add_argument("--folder", type=Path, help="where to build; a temporary folder by default")
    parser.add_argument("overrides", nargs="*", help="options of the configuration, such as n_samples=4096")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        sys.exit(report(arguments, Path(folder)))


def command(arguments: argparse.Namespace, out: Path) -> list[str]:
    """The build's command line."""
    name = [str(SLIPBENCH), "build", arguments.config, *arguments.overrides, "--out", str(out)]
    return [*name, "--workers", str(arguments.workers)]


def report(arguments: argparse.Namespace, folder: Path) -> int:
    """Print what happened; 0 when the two stores are the same."""
    env = environment(folder / "home")
    if data := os.environ.get("SLIPBENCH_DATA"):
        env["SLIPBENCH_DATA"] = data
    whole, killed = folder / "whole.zarr", folder / "killed.zarr"
    usage = watch(command(arguments, whole), env, quiet=True)
    if usage.status:
        return usage.status
    manifest = read_manifest(whole)
    shards, rows = len(manifest.shards), manifest.n_rows
    print(f"- undisturbed: {rows:,} samples in {shards} shards, {usage.seconds:.0f} s, ", end="")
    print(f"{rows / usage.seconds:.0f} samples/s, {usage.peak_bytes / 2**30:.2f} GiB at most", flush=True)
    rng = random.Random(arguments.seed)
    for kill in range(KILLS):
        done = shards_done(killed)
        low, high = done + 1, done + max(2, (shards - done) // (KILLS + 2 - kill))
        process = _start(command(arguments, killed), env)
        wait_for_shards(killed, process, rng.randint(low, high))
        time.sleep(rng.uniform(0, usage.seconds / shards))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        refused = subprocess.run([SLIPBENCH, "verify", killed], env=env, capture_output=True, text=True)
        print(
            f"- SIGKILL {kill + 1}: client and workers, after {shards_done(killed)} shards; "
            f"`slipbench verify` then exits with {refused.returncode}",
            flush=True,
        )
    done = shards_done(killed)
    process = _start(command(arguments, killed), env)
    wait_for_shards(killed, process, rng.randint(done + 1, max(done + 1, shards - 2 * arguments.workers)))
    victim = rng.choice(workers(process.pid))
    victim.kill()
    print(f"- SIGKILL of one worker after {shards_done(killed)} shards, while the client lives", flush=True)
    status = process.wait()
    print(f"- the build went on and ended with exit code {status}")
    for store in (whole, killed):
        began = time.perf_counter()
        checked = subprocess.run([SLIPBENCH, "verify", store], env=env, capture_output=True, text=True)
        print(f"- `slipbench verify {store.name}`: exit code {checked.returncode}, ", end="")
        print(f"{time.perf_counter() - began:.0f} s: {(checked.stdout + checked.stderr).strip()}", flush=True)
        status = status or checked.returncode
    ours, theirs = digests(whole), digests(killed)
    size = sum(p.stat().st_size for p in whole.rglob("*") if p.is_file())
    same = ours == theirs
    print(f"- {len(ours)} files, {size / 1e9:.2f} GB: {'the same bytes' if same else 'DIFFERENT'} in both")
    return status or int(not same)


def _start(arguments: list[str], env: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


if __name__ == "__main__":
    main()
