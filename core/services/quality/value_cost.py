"""What each right value of a dataset's runs cost, measured by its labels. Reads only."""

from sqlmodel import Session

from core.adapters.store import queries
from core.services.quality.answered_runs import runs_with_answers
from core.services.quality.run_cost import run_costs, yuan_per_right_value
from core.services.quality.run_measures import measured_runs


def value_costs(session: Session, dataset_id: int) -> dict[int, float]:
    """Yuan for each value that the labels confirm, by run: the cheapest first.

    Judged on the dataset's first labelled chats, as the choice of the default run is; runs that cost nothing, have no
    price or nothing right, and datasets without labels are left out.

    Args:
        session: open session.
        dataset_id: the dataset.
    """
    measured = measured_runs(session, dataset_id, runs_with_answers(session, dataset_id))
    runs = {run.id: run for run in queries.runs(session, dataset_id) if run.id in measured}
    yuan = run_costs(session, runs.values())
    each = {
        run_id: yuan_per_right_value(run, yuan[run_id], right=measured[run_id].right, judged=measured[run_id].judged)
        for run_id, run in runs.items()
    }
    return dict(sorted(((run_id, cost) for run_id, cost in each.items() if cost is not None), key=lambda one: one[1]))
