"""``slipbench verify``: whether a store still is what its build wrote."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson


def command(
    store: Annotated[str, typer.Argument(help="folder or file:// URI of a sealed store")],
    as_json: AsJson = False,
) -> int:
    """Compare every file of a store with its manifest; exit code 1 when something is wrong."""
    from dataclasses import asdict

    from slipbench.datasets.location import folder_of
    from slipbench.datasets.store.manifest import read_manifest
    from slipbench.datasets.store.verify import verify
    from slipbench.platform.cli.console import out, print_json

    folder = folder_of(store)
    findings = verify(folder)
    checked = len(read_manifest(folder).files())
    if as_json:
        print_json({"store": folder, "files": checked, "findings": [asdict(f) for f in findings]})
    else:
        for finding in findings:
            out().print(f"{finding.problem}: {finding.file}")
        verdict = (
            "intact"
            if not findings
            else f"{len(findings)} problems; slipbench repair mends what is missing or changed"
        )
        out().print(f"{folder}: {checked} files checked, {verdict}")
    return 1 if findings else 0
