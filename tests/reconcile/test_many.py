"""Many declarations of mixed shapes in one pass, each with a store of its own."""

from __future__ import annotations

import json
from contextlib import closing

from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
from tests.reconcile.mixed import BROKEN, manifests
from tests.servers.fake_target import FakeTarget

COUNT = BROKEN + 20


def test_a_declaration_that_fails_stops_no_other() -> None:
    """All others are written in one pass, whatever their shape, and the next has nothing to do."""
    documents = [document for number in range(COUNT) for document in manifests(number)]
    declarations = load([Text("many.yaml", "\n---\n".join(map(json.dumps, documents)))]).complete()
    target = FakeTarget()
    with closing(Reconciler(lambda: declarations, target, Options(adopt=True))) as reconciler:
        report, again = reconciler.sync(), reconciler.sync()
    assert ["app-0", f"app-{BROKEN}"] == [one.declaration.name for one in report.plan.unknowns]
    assert (COUNT - 2, COUNT - 2, ()) == (len(report.writes), len(target.secrets), again.writes)
