"""The autoencoder with a codebook: what is quantised, what gradients see of it, and how its vectors learn."""

import itertools

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from srbench_ldm.networks import Autoencoder
from srbench_ldm.quantised import QuantisedAutoencoder

CODES = 7


def made(shortcut: bool = False, codes: int = CODES) -> QuantisedAutoencoder:
    torch.manual_seed(0)
    return QuantisedAutoencoder(1, (4, 8), 3, 1, False, 2, 1, shortcut, codes=codes).eval()


def codebook(network: QuantisedAutoencoder) -> torch.Tensor:
    return network.quantizer.quantizer.embedding.weight.detach()


def images(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, 1, 8, 12, generator=torch.Generator().manual_seed(seed))


def test_each_place_of_a_quantised_latent_is_its_nearest_vector() -> None:
    network = made()
    latents = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        quantised, _ = network.quantise(latents)
    flat, found = (one.movedim(1, -1).reshape(-1, 3) for one in (latents, quantised))
    nearest = cdist(flat.double(), codebook(network).double()).argmin(1)
    assert len(set(nearest)) > 2
    torch.testing.assert_close(found, codebook(network)[nearest], atol=1e-6, rtol=0)


def test_the_gradient_passes_straight_through() -> None:
    network = made()
    latents = torch.randn(2, 3, 4, 6, requires_grad=True)
    quantised, _ = network.quantise(latents)
    told = torch.randn_like(quantised)
    quantised.backward(told)
    torch.testing.assert_close(latents.grad, told, atol=0, rtol=0)
    assert network.quantizer.quantizer.embedding.weight.grad is None


def test_the_commitment_is_the_mean_squared_distance_to_the_vectors_which_pulls_at_latents_alone() -> None:
    network = made()
    latents = torch.randn(2, 3, 4, 6, requires_grad=True)
    quantised, commitment = network.quantise(latents)
    off = latents.detach().double() - quantised.detach().double()
    assert float(commitment.detach()) == pytest.approx(float(off.square().mean()), rel=1e-5)
    commitment.backward()
    torch.testing.assert_close(latents.grad, (2 * off / off.numel()).float(), atol=1e-7, rtol=1e-4)


def test_images_go_through_the_encoder_and_decoder_of_the_other_autoencoder() -> None:
    network = made(shortcut=True)
    other = Autoencoder(1, (4, 8), 3, 1, False, 2, 1, True).eval()
    missing, extra = other.load_state_dict(network.state_dict(), strict=False)
    assert all(name.startswith("quant_conv_log_sigma") for name in missing)
    assert all(name.startswith("quantizer") for name in extra)
    with torch.no_grad():
        mean, _ = other.encode(images())
        latents, deviation = network.encode(images())
        assert latents.equal(mean) and not deviation.any()
        expected = other.decode(network.quantise(mean)[0])
        through, commitment = network(images())
        for found in (through, network.decode(latents), network.reconstruct(images())):
            torch.testing.assert_close(found, expected)
        assert float(commitment) == pytest.approx(float(network.quantise(mean)[1]))


def test_decoding_gives_the_same_for_latents_as_long_as_they_are_nearest_to_the_same_vectors() -> None:
    network = made()
    with torch.no_grad():
        vectors, _ = network.quantise(network.encode(images())[0])
        gap = min(float((a - b).norm()) for a, b in itertools.combinations(codebook(network), 2))
        shaken = vectors + torch.randn_like(vectors).clamp(-1, 1) * gap / 4
        torch.testing.assert_close(network.decode(shaken), network.decode(vectors))
        assert float((network.decode(vectors + 10) - network.decode(vectors)).abs().max()) > 1e-3


def test_vectors_follow_the_latents_that_they_stand_for_and_only_while_training() -> None:
    network = made()
    latents = torch.randn(4, 3, 4, 6, generator=torch.Generator().manual_seed(3))
    network.start_codes([images(8)])
    begun = codebook(network).clone()
    network.quantise(latents)
    assert codebook(network).equal(begun), "what is only looked at teaches nothing"
    network.train()
    flat = latents.movedim(1, -1).reshape(-1, 3)
    for _ in range(3):
        nearest = cdist(flat.double(), codebook(network).double()).argmin(1)
        before = codebook(network).clone()
        network.quantise(latents)
        for code in range(CODES):
            own = flat[nearest == code]
            if len(own):  # each moves into the direction of the mean of its own
                step = codebook(network)[code] - before[code]
                wanted = own.mean(0) - before[code]
                assert float(torch.dot(step, wanted)) > 0.99 * float(step.norm() * wanted.norm())


def test_it_begins_with_latents_of_training_images() -> None:
    network = made(codes=20)
    batches = [images(3, seed) for seed in (4, 5)]
    torch.manual_seed(1)
    network.start_codes(batches)
    with torch.no_grad():
        latents = torch.cat([network.encode(one)[0] for one in batches]).movedim(1, -1).reshape(-1, 3)
    distances = cdist(codebook(network), latents)
    assert distances.min(1).max() < 1e-6
    assert len(set(distances.argmin(1))) == 20
    # The first step moves none of them far: each counts for one latent.
    begun = codebook(network).clone()
    network.train()
    network.quantise(network.encode(batches[0])[0])
    assert float((codebook(network) - begun).abs().max()) < float(latents.std())


def test_more_vectors_than_latents_repeat_them() -> None:
    network = made(codes=60)
    network.start_codes([images(1)])
    assert len(np.unique(codebook(network).numpy(), axis=0)) == 24


def test_the_perplexity_is_how_many_vectors_are_used() -> None:
    network = made(codes=4)
    with torch.no_grad():
        codes = network.quantizer.quantizer.embedding.weight
        codes.copy_(torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    two = codes[[0, 1, 0, 1]].T.reshape(1, 3, 2, 2)
    network.quantise(two)
    assert float(network.perplexity) == pytest.approx(2, rel=1e-4)
    network.quantise(codes[[2, 2, 2, 2]].T.reshape(1, 3, 2, 2))
    assert float(network.perplexity) == pytest.approx(1, rel=1e-4)


def test_it_is_quantised_in_32_bits_where_networks_run_in_16() -> None:
    network = made()
    latents = torch.randn(1, 3, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        quantised, commitment = network.quantise(latents)
    assert quantised.dtype == commitment.dtype == torch.float32
    exact, _ = network.quantise(latents.float())
    assert quantised.equal(exact)


def test_a_linear_start_adds_nothing_to_the_principal_components_but_the_codebook() -> None:
    network = made(shortcut=True, codes=2000)
    some = images(30)
    network.start_linear(some)
    network.start_codes([some])
    assert network.linear is not None
    with torch.no_grad():
        latents = network.encode(some)[0]
        torch.testing.assert_close(latents, network.linear.encode(some))
        # There is a vector for every latent.
        torch.testing.assert_close(network.reconstruct(some), network.linear.decode(latents), atol=1e-5, rtol=0)
