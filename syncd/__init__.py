"""syncd keeps Kubernetes Secrets equal to what Vault, AWS or GCP hold, restarts what uses them, and proves that it did.

One pass, from left to right::

    declarations -> fetch -> render -> observe -> plan -> guard -> apply -> restart -> report

`syncd.reconcile.reconciler` is that sentence in code; `syncd plan` stops before *apply*.
"""

__version__ = "0.1.0"
