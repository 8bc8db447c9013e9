"""The writers of the log: shards that run inputs, what takes runs that are long, and what others post."""

from tocsin.schedule.layout import Layout, Shard

INGEST = tuple(f"ingest.{number}" for number in range(4))
"""They share what is posted, so that who posts hardly waits for others."""
RUNS = tuple(f"runs.{number}" for number in range(2))
"""They share runs that take longer than a tick."""
_EARLIER = 3


def writer_of(shard: Shard) -> str:
    """Return the writer that a shard is."""
    return f"inputs.{shard.id}"


def gatherers(layout: Layout) -> tuple[str, ...]:
    """Return the writers of what inputs gather: what goes to outputs.

    What others post does not: a stack whose output is its own API would feed itself for ever.
    """
    return tuple(writer for writer in writers(layout) if writer not in INGEST)


def writers(layout: Layout) -> tuple[str, ...]:
    """Return everybody whose entries may be there: the shards of this layout and the last ones before, and others."""
    versions = sorted({layout.version, *layout.before})[-1 - _EARLIER :]
    counts = {**layout.before, layout.version: layout.shards}
    shards = [writer_of(layout.shard(i, version)) for version in versions for i in range(counts[version])]
    return (*shards, *RUNS, *INGEST)
