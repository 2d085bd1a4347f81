"""Displacement images as vision transformers read them."""

import numpy as np
import torch


def pixels(images: np.ndarray, scale_mm: float, size: int, device: torch.device) -> torch.Tensor:
    """Scaled, clipped and resized images.

    Parameters
    ----------
    images : ndarray, shape (n, height, width, 3)
        Displacement east, north, up in mm; NaN counts as no displacement.
    scale_mm : float
        Displacement that becomes 1; larger is clipped.
    size : int
        Side in pixels, reached by bilinear interpolation on `device`.

    Returns
    -------
    Tensor, shape (n, 3, size, size), float32
    """
    scaled = np.nan_to_num(images.astype(np.float32) / scale_mm, nan=0.0)
    planes = torch.from_numpy(np.clip(scaled, -1, 1).transpose(0, 3, 1, 2).copy()).to(device)
    return torch.nn.functional.interpolate(planes, (size, size), mode="bilinear", align_corners=False)
