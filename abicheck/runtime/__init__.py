"""A verified plugin -> live objects: pinned bytes, an image in memory, typed access to it."""
