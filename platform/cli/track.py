"""``slipbench track``: what the tracking server has not got yet."""


def command() -> int:
    """Send the runs that wait because the tracking server did not take them."""
    from slipbench.platform.cli.console import out
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.settings import settings
    from slipbench.platform.spool import replay, waiting
    from slipbench.platform.tracking_check import check

    place = settings()
    if not waiting(place):
        out().print("nothing waits")
        return 0
    check(place.tracking)
    with Reporter("track", place=place) as report, place.working():
        left = replay(place, report)
    return 1 if left else 0
