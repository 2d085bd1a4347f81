"""``slipbench predict``: a trained network applied to a store."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    checkpoint: Annotated[
        str, typer.Argument(help="best.ckpt of a fit, or models:/NAME@ALIAS of a registered network")
    ],
    store: Annotated[str, typer.Argument(help="folder or file:// URI of a sealed store")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file of the predictions")],
    split: Annotated[str, typer.Option("--split", help="train, validation or test")] = "test",
    model: Annotated[
        str | None, typer.Option("--model", help="network that the checkpoint must hold")
    ] = None,
) -> None:
    """Write predicted and true targets of one split, one row per sample and target."""
    import pandas as pd

    from slipbench.datasets.atomic import write_atomic
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.store.reader import Store
    from slipbench.platform.cli.console import out as stdout
    from slipbench.platform.registered import network_file
    from slipbench.platform.settings import settings
    from slipbench.trainers.predict import predict

    if not out.expanduser().absolute().parent.is_dir():
        raise InputError(f"--out {out}", "its folder does not exist", "an existing folder", "make it first")
    found = predict(network_file(checkpoint, settings()), Store(store), split, expect=model)
    parts = [
        pd.DataFrame(
            {
                "row": found.rows,
                "quantity": name,
                "units": unit,
                "y_true": found.y_true[:, column],
                "y_pred": found.y_pred[:, column],
            }
        )
        for column, (name, unit) in enumerate(zip(found.names, found.units, strict=True))
    ]
    write_atomic(out.expanduser(), pd.concat(parts, ignore_index=True).to_parquet(index=False))
    stdout().print(f"{len(found.rows)} {split} samples in {out}", soft_wrap=True)
