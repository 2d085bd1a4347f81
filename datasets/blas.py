"""Linear algebra on one thread, because results otherwise depend on how many there are.

OpenBLAS splits a product differently on one and on two threads and the last bits differ (measured: 2.4.6's
OpenBLAS, products of the size that recipes use). Stores must be the same bytes on every machine of a kind.
"""

from threadpoolctl import threadpool_limits


def one_blas_thread() -> threadpool_limits:
    """Limit BLAS of this process to one thread from now on; as a context manager, until its end."""
    return threadpool_limits(limits=1, user_api="blas")
