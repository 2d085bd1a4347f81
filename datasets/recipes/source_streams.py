"""Streams of random numbers of the S1 stores beside those of their shards, each with a word of its own."""

import numpy as np

#: Drawn once for a store: which stations, which split a row is in.
NETWORK, SPLIT = 1, 2
#: Drawn for each shard: motion after the event, what is missing.
POST_SEISMIC, GAPS = 3, 4
#: Drawn where samples are made on a device: noise by row, sources that are new in every draw.
NOISE, FRESH = 5, 6


def stream(seed: int, shard: int, word: int, *more: int) -> np.random.Generator:
    """Generator of the stream `word`; shards use two words (`Plan.rng`), so no stream is theirs.

    Parameters
    ----------
    seed : int
        Root seed of the store.
    shard : int
        Its number; 0 for what is drawn once.
    word : int
        Of the list above.
    *more : int
        What else tells draws of one stream apart.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, shard, word, *more]))
