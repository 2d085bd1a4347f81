"""What a finished fit gave, in words or as JSON."""

from slipbench.platform.cli.console import out, print_json
from slipbench.trainers.record import Fit


def show_fit(fit: Fit, samples: str, as_json: bool) -> None:
    """Print a fit; `samples` is what it was trained on, such as ``images``."""
    if as_json:
        print_json(
            {
                "checkpoint": fit.checkpoint,
                "sha256": fit.sha256,
                "epochs": fit.epochs,
                "best_epoch": fit.best_epoch,
                "validation_loss": fit.validation_loss,
                f"{samples}_per_second": fit.samples_per_second,
                "parameters": fit.parameters,
                "seconds": fit.seconds,
            }
        )
        return
    console = out()
    console.print(
        f"best epoch {fit.best_epoch} of {fit.epochs}, validation loss {fit.validation_loss:.4g}, "
        f"{fit.parameters:,} parameters, {fit.samples_per_second:.0f} {samples}/s"
    )
    console.print(f"checkpoint {fit.checkpoint}", soft_wrap=True)
