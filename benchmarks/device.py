"""Where a model that leaves the choice to the machine computes."""


def device_of(choice: str) -> str:
    """``cpu`` or ``cuda``: what `choice` (an option such as ``auto``, ``cpu``, ``gpu``) comes to here."""
    if choice == "cpu":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
