"""The packaged knowledge base, loaded once for all tests of a process: nothing changes it."""

from functools import cache

from knowledge.loader import KnowledgeBase, load_knowledge


@cache
def packaged_base() -> KnowledgeBase:
    """Give the knowledge base as it is shipped."""
    return load_knowledge()
