"""The customers of a save as they are stored: clean values, where each came from, what a person looked at."""

from collections.abc import Sequence

from core.adapters.store.models import Confirmation, Record
from core.domain.evidence import cached_analysis
from core.domain.form import Form, FormValues
from core.services.review.records.baselines import source_form
from core.services.review.records.save_types import MOST_CUSTOMERS, MOST_PINS, CustomerSave, Save
from core.services.review.records.versions import Customer


def stored_customers(
    form: Form,
    save: Save,
    baseline: Sequence[FormValues],
    base_run_id: int | None,
    *,
    text: str,
    record: Record | None,
) -> list[Customer]:
    """The customers of a save as they are stored.

    Args:
        form: the dataset's form.
        save: whose customers.
        baseline: the run's forms; each belongs to one customer at most.
        base_run_id: the run; ``None`` where there is none, or it was deleted.
        text: of the chat: pins to messages that it does not have are left out.
        record: as it is, to know what came from a run that was deleted.
    """
    has_pins = any(customer.pinned for customer in save.customers)
    messages = len(cached_analysis(text).parsed.messages) if has_pins else 0
    # Without a run there is nothing to count in: positions then only say which customer is which.
    forms = len(baseline) if base_run_id is not None else MOST_CUSTOMERS
    values_of_customers = [form.coerce(customer.values).values for customer in save.customers]
    owners = _owners(form, save, values_of_customers, baseline)
    stored: list[Customer] = []
    for position, (customer, values) in enumerate(zip(save.customers, values_of_customers, strict=True)):
        source = customer.origin
        if source is not None and (not 0 <= source < forms or owners[source] != position):
            source = None
        stored.append(
            {
                "values": values,
                "origin": _origins(values, source, baseline, base_run_id, record),
                "confirmed": {key: str(customer.confirmed.get(key, Confirmation.UNSEEN)) for key in form.keys},
                "pinned": _pins(form, customer, messages),
                "source": source,
            }
        )
    return stored


def _owners(
    form: Form, save: Save, values_of_customers: Sequence[FormValues], baseline: Sequence[FormValues]
) -> dict[int, int]:
    """Which customer each form of the run became: of both halves of a split one, who has the name, else the first."""
    owners: dict[int, int] = {}
    for position, (customer, values) in enumerate(zip(save.customers, values_of_customers, strict=True)):
        if customer.origin is None:
            continue
        owner = owners.setdefault(customer.origin, position)
        in_run = source_form({"source": customer.origin}, baseline)
        name = form.name_of(in_run) if in_run is not None else ""
        if name and form.name_of(values) == name != form.name_of(values_of_customers[owner]):
            owners[customer.origin] = position
    return owners


def _origins(
    values: FormValues,
    source: int | None,
    baseline: Sequence[FormValues],
    base_run_id: int | None,
    record: Record | None,
) -> dict[str, str]:
    in_run = source_form({"source": source}, baseline)
    if in_run is not None:
        return {key: f"run:{base_run_id}" if in_run.get(key) == value else "reviewer" for key, value in values.items()}
    origins = dict.fromkeys(values, "reviewer")
    before = record.customers if record is not None and base_run_id is None and source is not None else []
    for old in before:
        if old.get("source") == source:  # its run was deleted: what came from it still did
            kept = {key: origin for key, origin in old.get("origin", {}).items() if key in values}
            return origins | {key: origin for key, origin in kept.items() if old["values"].get(key) == values[key]}
    return origins


def _pins(form: Form, customer: CustomerSave, messages: int) -> dict[str, list[int]]:
    pins = {
        key: sorted({message for message in places if 0 <= message < messages})[:MOST_PINS]
        for key, places in customer.pinned.items()
        if key in form
    }
    return {key: places for key, places in pins.items() if places}
