"""Count the galaxies of the Hubble deep field, first in a loop, then on engines."""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
from skimage import color, data, feature, restoration

import parflow_jupyter as pf


def cut_sky(rows: int = 6, columns: int = 6) -> list[np.ndarray]:
    """Return the picture's tiles, row by row, as gray values from 0 to 1."""
    sky = color.rgb2gray(data.hubble_deep_field())
    bands = np.array_split(sky, rows)
    return [tile for band in bands for tile in np.array_split(band, columns, axis=1)]


def find_galaxies(tile: np.ndarray, threshold: float = 0.08) -> np.ndarray:
    """Return rows of (y, x, radius), in pixels, one for each bright speck of a tile."""
    clean = restoration.denoise_nl_means(
        tile, patch_size=5, patch_distance=7, h=0.05, fast_mode=False
    )
    return feature.blob_log(clean, min_sigma=1.5, max_sigma=12, num_sigma=22, threshold=threshold)


def main() -> None:
    """Run the job both ways and print what ran where, and how much faster."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=None, help="engines; default: one per core")
    options = parser.parse_args()

    tiles = cut_sky()
    print(f"The Hubble deep field, cut into {len(tiles)} tiles.", flush=True)

    print("\nOne after the other ...", flush=True)
    started = time.perf_counter()
    expected = [find_galaxies(tile) for tile in tiles]
    serial = time.perf_counter() - started
    print(f"  {sum(map(len, expected))} galaxies in {serial:.1f} s", flush=True)

    print("\nStarting engines ...", flush=True)
    started = time.perf_counter()
    info = pf.start_engines(options.n)
    print(f"  up in {time.perf_counter() - started:.1f} s", flush=True)
    print(info, flush=True)

    print("\nThe same on engines ...", flush=True)
    galaxies = pf.parallel_map(find_galaxies, tiles)
    same = all(np.array_equal(a, b) for a, b in zip(galaxies, expected, strict=True))
    elapsed = galaxies.report.elapsed
    print(f"  {sum(map(len, galaxies))} galaxies in {elapsed:.1f} s; same as serial: {same}")
    for engine, count in sorted(Counter(item.engine for item in galaxies.report.items()).items()):
        print(f"  {engine} searched {count} tiles")
    print(f"\n{info.engines_total} engines were {serial / elapsed:.2f} times as fast as the loop.")

    print("\nStopping everything ...", flush=True)
    print(pf.cleanup(terminate=True))


if __name__ == "__main__":
    main()
