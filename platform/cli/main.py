"""The command ``slipbench``: one file per subcommand, one line per mistake.

Exit codes: 0 done; 1 the answer is "no" (a store is damaged, a cell failed) or an internal error;
2 bad input, nothing was started; 130 and 143 stopped by Ctrl-C and SIGTERM.
"""

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, NoReturn

from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies

silence_dependencies()

import typer  # noqa: E402

from slipbench.platform.cli import (  # noqa: E402
    bench,
    build,
    correct_orbits,
    doctor,
    fetch,
    fit_high_rate_noise,
    fit_noise,
    inspect,
    leaderboard,
    plan,
    position,
    predict,
    pretrain_mae,
    pretrain_pfn,
    repair,
    run,
    status,
    submit,
    track,
    train,
    tune,
    ui,
    verify,
    watching,
    window_study,
)
from slipbench.platform.stop import Stopped, listen, raise_if_asked  # noqa: E402

app = typer.Typer(
    name="slipbench",
    help="GNSS and earthquake catalogues to training stores, trained networks and honest leaderboards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    *(run, submit, plan, build, inspect, verify, repair, window_study, fit_noise, fit_high_rate_noise, fetch),
    *(position, correct_orbits, train, tune, predict, pretrain_mae, pretrain_pfn),
    *(bench, leaderboard, track, status, ui, doctor),
)
for module in COMMANDS:
    app.command(module.__name__.rpartition(".")[2].replace("_", "-"))(module.command)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of every error")] = False,
    log: Annotated[
        watching.Log,
        typer.Option("--log", envvar="SLIPBENCH_LOG", help="lines on stderr: for people, or JSON"),
    ] = watching.Log.TEXT,
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics",
            envvar="SLIPBENCH_METRICS",
            help="numbers for Prometheus: PORT (here only), HOST:PORT or FILE.prom",
        ),
    ] = "",
) -> None:
    """GNSS and earthquake catalogues to training stores, trained networks and honest leaderboards."""
    watching.NOW.debug, watching.NOW.log, watching.NOW.metrics = debug, log, metrics


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        Exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    watching.begin()
    try:
        listen()
        try:
            return int(app(given, standalone_mode=False, prog_name="slipbench") or 0)
        except Exception:
            raise_if_asked()
            raise
    except Stopped as stop:
        _say(f"stopped by {stop}; run the same command again to go on from here")
        return stop.exit_code
    except InputError as error:
        _say(str(error), error)
        return error.exit_code
    except BrokenPipeError:
        # the reader (head, less) has gone; Python must not complain again when it flushes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage:
            _say(f"{' '.join(usage().split())} (see slipbench --help)")
            return 2
        if isinstance(error, OSError) and error.filename:
            _say(f"{error.filename}: {error.strerror}", error)
            return 1
        text = " ".join(str(error).split())[:300]
        _say(f"internal error: {type(error).__name__}: {text} (slipbench --debug ... shows where)", error)
        return 1


def entry() -> NoReturn:
    """The installed command: `main`, and the end of the process.

    A signal's exception can leave a lock of a library held, where it came between taking the lock and the
    code that gives it back. Python waits for all threads when it ends, and a thread that needs that lock
    never does. By then every context is closed, so after a signal the process ends without waiting.
    """
    code = main()
    if code in (128 + signal.SIGINT, 128 + signal.SIGTERM):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _say(text: str, error: Exception | None = None) -> None:
    """The one line of a mistake, with the traceback where it is asked for."""
    trace = "".join(traceback.format_exception(error)) if error and watching.NOW.debug else ""
    if watching.NOW.json:
        from slipbench.platform.cli.json_lines import json_line

        json_line("error", text, exception=trace)
    else:
        print(f"{trace}slipbench: {text}", file=sys.stderr)
