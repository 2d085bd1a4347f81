"""Who may talk to whom, asked of the rendered NetworkPolicies as the cluster's network reads them."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any

import pytest

from .kube import FOLDERS, of_kind, pods, rendered

POLICIES = of_kind(rendered("base"), "NetworkPolicy")
HERE = "slipbench"


@dataclass(frozen=True)
class Peer:
    """One end of a connection: a pod with its labels and namespace, or an address outside."""

    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = HERE
    address: str = "10.1.2.3"
    outside: bool = False


def part(name: str) -> Peer:
    return Peer({"slipbench.io/part": name})


OPERATOR = Peer({"app.kubernetes.io/name": "kuberay-operator"}, "kuberay")
NAMES = Peer({"k8s-app": "kube-dns"}, "kube-system")
STRANGER = Peer({"app": "web"}, "default")
BUCKET = Peer(address="52.216.10.1", outside=True)
METADATA = Peer(address="169.254.169.254", outside=True)
DATABASE = Peer(address="10.9.8.7", outside=True)
RAY, MLFLOW, BUILD, NIGHTLY, SHELL = map(part, ("ray", "mlflow", "build", "nightly", "shell"))


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def _is_peer(rule: dict[str, Any], peer: Peer) -> bool:
    if "ipBlock" in rule:
        address = ipaddress.ip_address(peer.address)
        block = rule["ipBlock"]
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and not any(address in ipaddress.ip_network(e) for e in block.get("except", []))
    if peer.outside:
        return False
    if "namespaceSelector" in rule:
        if not _matches(rule["namespaceSelector"], {"kubernetes.io/metadata.name": peer.namespace}):
            return False
    elif peer.namespace != HERE:
        return False
    return _matches(rule.get("podSelector", {}), peer.labels)


def _permits(direction: str, owner: Peer, other: Peer, port: int, protocol: str) -> bool:
    side, peers = ("Ingress", "from") if direction == "in" else ("Egress", "to")
    if owner.outside or owner.namespace != HERE:
        return True  # not ours to say
    selected = [
        p["spec"]
        for p in POLICIES
        if side in p["spec"]["policyTypes"] and _matches(p["spec"]["podSelector"], owner.labels)
    ]
    if not selected:
        return True
    for rule in (r for spec in selected for r in spec.get(side.lower(), [])):
        ports = rule.get("ports")
        port_fits = ports is None or any((p["port"], p["protocol"]) == (port, protocol) for p in ports)
        if port_fits and (peers not in rule or any(_is_peer(r, other) for r in rule[peers])):
            return True
    return False


def connects(source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether both ends permit a connection."""
    return _permits("out", source, target, port, protocol) and _permits("in", target, source, port, protocol)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (RAY, RAY, 6379), (RAY, RAY, 43211),  # Ray's nodes, on any port
        (RAY, MLFLOW, 5000), (NIGHTLY, MLFLOW, 5000),
        (RAY, BUCKET, 443), (BUILD, BUCKET, 443), (NIGHTLY, BUCKET, 443), (MLFLOW, BUCKET, 443),
        (MLFLOW, DATABASE, 5432),
        (OPERATOR, RAY, 8265),
    ],
)  # fmt: skip
def test_what_is_needed_is_permitted(source: Peer, target: Peer, port: int) -> None:
    assert connects(source, target, port)


@pytest.mark.parametrize("source", [RAY, MLFLOW, BUILD, NIGHTLY, SHELL])
def test_everyone_may_ask_for_names(source: Peer) -> None:
    assert connects(source, NAMES, 53, "UDP")
    assert connects(source, NAMES, 53)
    assert not connects(source, NAMES, 8080)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (STRANGER, RAY, 8265), (STRANGER, RAY, 10001), (STRANGER, MLFLOW, 5000), (OPERATOR, RAY, 10001),
        (OPERATOR, MLFLOW, 5000), (BUILD, MLFLOW, 5000), (SHELL, MLFLOW, 5000), (BUILD, RAY, 6379),
        (MLFLOW, RAY, 8265),
        (RAY, DATABASE, 5432), (NIGHTLY, DATABASE, 5432), (RAY, BUCKET, 80), (SHELL, BUCKET, 443),
        (RAY, STRANGER, 8080), (RAY, METADATA, 80), (RAY, METADATA, 443), (MLFLOW, METADATA, 443),
        (Peer({"app": "unknown"}), BUCKET, 443), (RAY, Peer({"app": "unknown"}), 22),
    ],
)  # fmt: skip
def test_nothing_else_is(source: Peer, target: Peer, port: int) -> None:
    assert not connects(source, target, port)


def test_the_rules_know_every_part() -> None:
    found = {p.labels["slipbench.io/part"] for folder in FOLDERS for p in pods(rendered(folder))}
    assert found == {"ray", "mlflow", "build", "nightly", "shell"}
    (service,) = of_kind(rendered("base"), "Service")
    assert service["spec"]["selector"] == MLFLOW.labels
