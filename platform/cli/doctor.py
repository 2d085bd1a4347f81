"""``slipbench doctor``: what is there, what is missing and how to get it."""

from slipbench.platform.cli.arguments import AsJson


def command(as_json: AsJson = False) -> int:
    """Check versions, GPUs, Ray, MLflow, data and weights; exit code 1 when something is broken."""
    from dataclasses import asdict

    from slipbench.platform.cli.console import err, out, print_json
    from slipbench.platform.doctor import examine
    from slipbench.platform.settings import settings

    place = settings()
    findings = []
    for finding in examine(place):
        findings.append(finding)
        if not as_json:
            mark = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}[finding.state]
            out().print(f"{mark} {finding.topic:<18} {finding.text}", soft_wrap=True)
    broken = sum(f.state == "broken" for f in findings)
    if as_json:
        print_json({"broken": broken, "findings": [asdict(f) for f in findings]})
    elif broken:
        err().print(f"{broken} broken")
    return 1 if broken else 0
