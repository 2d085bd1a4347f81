"""How busy the device of a fit is."""

import time

import torch

#: Seconds between two questions to the GPU's driver.
EVERY = 1.0


class Meter:
    """Share (0 ... 1) of a device that is at work between `start` and `share`.

    On a CPU: processor time of this process over the time that its threads had. On a GPU: mean of what its
    driver answers about once a second; None where the driver's library (pynvml) is not installed.
    """

    def start(self, device: torch.device) -> None:
        """Begin a measurement."""
        self._gpu = device if device.type == "cuda" else None
        self._answers: list[float] = []
        self._asked = self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def tick(self) -> None:
        """Call now and then, such as after every batch."""
        now = time.perf_counter()
        if self._gpu is not None and now - self._asked >= EVERY:
            self._asked = now
            try:
                self._answers.append(torch.cuda.utilization(self._gpu) / 100)
            except (ModuleNotFoundError, RuntimeError):
                self._asked = float("inf")

    def share(self) -> float | None:
        """The share since `start`."""
        if self._gpu is not None:
            return sum(self._answers) / len(self._answers) if self._answers else None
        spent = time.process_time() - self._cpu
        return spent / (torch.get_num_threads() * max(time.perf_counter() - self._wall, 1e-9))
