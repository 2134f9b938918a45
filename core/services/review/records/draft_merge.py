"""Carries a delta draft along when the approved values beside it change: a merge of three sides, cell by cell."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from core.adapters.store.models import Confirmation

Customer = dict[str, Any]


def carried_draft(
    draft: Mapping[str, Any],
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    *,
    note_before: str,
    note_after: str,
    same_run: bool = True,
    who: str = "",
) -> dict[str, Any]:
    """A delta draft over the approved values as they are now.

    What the draft changed stays as it was typed; everything else becomes what is approved now.

    Args:
        draft: ``{customers, note}`` as it was made over ``before``.
        before: the approved customers that the draft was made over.
        after: the approved customers now.
        note_before: the approved note that the draft was made over.
        note_after: the approved note now.
        same_run: whether the sources of ``before`` and ``after`` count in the same run.
        who: who changed the approved values.

    Returns:
        The draft with ``carried`` set: its event says what became of the record. Cells that both sides changed are in
        ``contested`` as ``{customer, key, value, who}``: the draft keeps its own, unconfirmed.
    """
    contested: list[dict[str, Any]] = []
    earlier = {(one["customer"], one["key"]): one["who"] for one in draft.get("contested", ())}
    typed = partners(before, draft["customers"])
    now = partners(before, after, same_run=same_run)
    of_after = {place: number for number, place in now.items()}
    merged: list[Customer] = []
    for place, approved in enumerate(after):
        number = of_after.get(place)
        if number is None:
            merged.append(deepcopy(dict(approved)))  # somebody has added this customer
        elif number in typed:
            mine = draft["customers"][typed[number]]
            merged.append(_merged(mine, before[number], approved))
            for key, value in mine["values"].items():
                old, new = before[number]["values"].get(key), approved["values"].get(key)
                is_contested = new != old or (typed[number], key) in earlier
                if value not in (old, new) and is_contested:
                    by = who if new != old else earlier[typed[number], key]
                    contested.append({"customer": len(merged) - 1, "key": key, "value": new, "who": by})
                    merged[-1]["confirmed"][key] = str(Confirmation.UNSEEN)
        elif approved["values"] != before[number]["values"]:
            merged.append(deepcopy(dict(approved)))  # removed in the draft, and changed since: it is asked about again
    known = set(typed.values())
    own = [
        draft["customers"][place]
        for number, place in typed.items()
        if number not in now and draft["customers"][place]["values"] != before[number]["values"]
    ] + [one for place, one in enumerate(draft["customers"]) if place not in known]
    merged += [deepcopy(dict(one)) | ({} if same_run else {"source": None}) for one in own]
    note = note_after if draft["note"] == note_before else draft["note"]
    customers = merged or deepcopy(list(map(dict, after)))
    return {"customers": customers, "note": note, "carried": True, "contested": contested}


def approved_where_contested(draft: Mapping[str, Any]) -> list[Customer]:
    """The customers of a draft, with what is approved now in the cells that both sides changed."""
    customers = [{**one, "values": dict(one["values"])} for one in draft["customers"]]
    for cell in draft.get("contested", ()):
        customers[cell["customer"]]["values"][cell["key"]] = cell["value"]
    return customers


def partners(
    left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]], *, same_run: bool = True
) -> dict[int, int]:
    """Which customer on the right each on the left is, by position.

    The same form of the run is the same customer, then the same values, then the order of those that are left.
    """
    matched: dict[int, int] = {}
    rest = list(range(len(right)))

    def match(number: int, is_same: Any) -> None:
        place = next((place for place in rest if is_same(left[number], right[place])), None)
        if number not in matched and place is not None:
            matched[number] = place
            rest.remove(place)

    for number in range(len(left)) if same_run else ():
        match(number, lambda one, other: one.get("source") is not None and one.get("source") == other.get("source"))
    for number in range(len(left)):
        match(number, lambda one, other: one["values"] == other["values"])
    for number in range(len(left)):
        # One form of the run is never another, so only those that come from none are matched by order.
        match(number, lambda one, other: not same_run or one.get("source") is None or other.get("source") is None)
    return matched


def _merged(typed: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Customer:
    customer = deepcopy(dict(after))
    for part in ("values", "origin", "confirmed"):
        customer[part] = dict(customer.get(part, {}))
    for key, value in typed["values"].items():
        if value != before["values"].get(key):
            for part in ("values", "origin", "confirmed"):
                if key in typed.get(part, {}):
                    customer[part][key] = typed[part][key]
        elif typed.get("confirmed", {}).get(key) != before.get("confirmed", {}).get(key):
            customer["confirmed"][key] = typed["confirmed"][key]
    if typed.get("pinned", {}) != before.get("pinned", {}):
        pinned = dict(customer.get("pinned", {}))
        customer["pinned"] = {
            key: sorted({*pinned.get(key, []), *typed.get("pinned", {}).get(key, [])})
            for key in {*pinned, *typed.get("pinned", {})}
        }
    return customer
