import pytest
import torch

from slipbench.trainers.models.relu6 import Relu6


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_and_gradients_are_those_of_torch(layout):
    x = 6 * torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    x.view(-1)[:4] = torch.tensor([0.0, 6.0, -0.0, 9.0])
    x = x.to(memory_format=layout)
    results = []
    for relu in (torch.nn.ReLU6(), Relu6()):
        leaf = x.clone().requires_grad_()
        y = relu(leaf * 1.0)
        (y * torch.arange(y.numel()).reshape(y.shape)).sum().backward()
        results.append((y.detach(), leaf.grad))
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)


def test_only_the_result_is_kept():
    saved = []
    layer = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), Relu6(), torch.nn.Conv2d(2, 1, 3))

    def keep(tensor):
        saved.append(tensor.untyped_storage().data_ptr())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = layer(torch.randn(1, 1, 8, 8))
    weights = {p.untyped_storage().data_ptr() for p in layer.parameters()}
    assert len(set(saved) - weights) == 2  # the image, and what the second convolution reads
    result.sum().backward()


def test_second_use_of_an_overwritten_value_is_an_error():
    x = torch.randn(4, requires_grad=True)
    y = x.exp()
    Relu6()(y)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
