"""Batch normalisation's statistics, counted with the weights of the epoch's end."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from slipbench.datasets.store.reader import Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.fit import fit
from slipbench.trainers.recount import BATCHES, Recount

from .test_networks import inputs, regression, small
from .toy_source import toy_options


def _norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]


def test_the_mean_over_the_first_batches_with_the_weights_of_the_end(view_store: Store) -> None:
    module = regression("img", view_store)
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    recount = Recount()
    x = inputs("img", view_store, 4 * (BATCHES + 1))
    batches = x.split(4)
    for index, batch in enumerate(batches):
        recount.on_train_batch_start(trainer, module, (batch, None, None), index)
    module.train()
    with torch.no_grad():
        for value in module.parameters():
            value *= 1.5
        module.outputs(1e6 * x)
    recount.on_validation_start(trainer, module)
    assert not any(layer.training for layer in module.modules())
    first = module.network.extractor[0]
    with torch.no_grad():
        seen = [(b - module.input_mean) / module.input_std for b in batches[:BATCHES]]
        wanted = torch.stack([first(b.permute(0, 3, 1, 2)).mean((0, 2, 3)) for b in seen]).mean(0)
    torch.testing.assert_close(_norms(module)[0].running_mean, wanted, rtol=1e-4, atol=1e-5)
    before = [layer.running_var.clone() for layer in _norms(module)]
    recount.on_validation_start(trainer, module)  # nothing is kept, nothing is counted
    for layer, variance in zip(_norms(module), before, strict=True):
        assert torch.equal(layer.running_var, variance)


@pytest.mark.parametrize("name", ["img", "its"])
def test_a_kept_network_sees_in_evaluation_what_it_saw_in_training(
    name: str, view_store: Store, tmp_path: Path
) -> None:
    # one batch an epoch, so that the counted statistics are those of this batch
    options = toy_options(model=small(name, dropout=0.0), epochs=2, batch_size=len(view_store))
    module = load(fit(options, view_store, tmp_path).checkpoint)
    x = torch.from_numpy(view_store.read(module.array, view_store.rows_of("train")))
    with torch.no_grad():
        for layer in _norms(module):
            layer.register_forward_hook(_as_in_the_batch)
        judged = module.outputs(x)
        for layer in _norms(module):
            layer.train()
        trained = module.outputs(x)
    assert (judged - trained).abs().max() < 0.01 * trained.std(0).max()


def _as_in_the_batch(
    layer: nn.BatchNorm2d, inputs: tuple[torch.Tensor], output: torch.Tensor
) -> torch.Tensor:
    """Undo that the kept variance is that of a sample, n / (n - 1) times as large as the batch's own."""
    if layer.training:
        return output
    n = inputs[0].numel() / inputs[0].shape[1]
    variance, offset = layer.running_var[:, None, None], layer.bias[:, None, None]
    scale = ((variance + layer.eps) / (variance * (n - 1) / n + layer.eps)).sqrt()
    return (output - offset) * scale + offset
