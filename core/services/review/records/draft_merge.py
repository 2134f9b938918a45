"""Carries a delta draft along when the approved values beside it change: a merge of three sides, cell by cell."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from core.adapters.store.models import Confirmation
from core.domain.form import Form, cell_text
from core.domain.person_names import Identity, match_people, match_versions

Customer = dict[str, Any]


def carried_draft(
    draft: Mapping[str, Any],
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    *,
    form: Form,
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
        form: of the dataset.
        note_before: the approved note that the draft was made over.
        note_after: the approved note now.
        same_run: whether the sources of ``before`` and ``after`` count in the same run.
        who: who changed the approved values.

    Returns:
        The draft with ``carried`` set: its event says what became of the record. Cells that both sides changed are in
        ``contested`` as ``{customer, key, value, who}``: the draft keeps its own, unconfirmed. With ``removed`` they
        are cells that changed of a customer whom the draft had removed, who is asked about again.
    """
    contested: list[dict[str, Any]] = []
    earlier = {(one["customer"], one["key"]): one for one in draft.get("contested", ())}
    typed = _partners(form, before, draft["customers"])
    now = _partners(form, before, after, same_run=same_run)
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
                cell = earlier.get((typed[number], key), {})
                came_back = cell.get("removed") and value == old
                if is_contested and (came_back or value not in (old, new)):
                    by = who if new != old else cell["who"]
                    contested.append({"customer": len(merged) - 1, "key": key, "value": new, "who": by})
                    contested[-1] |= {"removed": True} if came_back else {}
                    merged[-1]["confirmed"][key] = str(Confirmation.UNSEEN)
        elif approved["values"] != before[number]["values"]:
            merged.append(deepcopy(dict(approved)))  # removed in the draft, and changed since: it is asked about again
            merged[-1]["confirmed"] = dict(merged[-1].get("confirmed", {}))
            for key, value in approved["values"].items():
                if value != before[number]["values"].get(key):
                    cell = {"customer": len(merged) - 1, "key": key, "value": value, "who": who, "removed": True}
                    contested.append(cell)
                    merged[-1]["confirmed"][key] = str(Confirmation.UNSEEN)
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


def contested_text(draft: Mapping[str, Any]) -> str:
    """What the draft says in the cells that both sides changed, a sentence; ``""`` where there are none."""
    cells = [
        f"{cell['key']}「{cell_text(draft['customers'][cell['customer']]['values'][cell['key']])}」"
        for cell in draft.get("contested", ())
    ]
    return f"草稿里写的是另外的值：{'、'.join(cells)}。" if cells else ""


def _partners(
    form: Form, left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]], *, same_run: bool = True
) -> dict[int, int]:
    """Which customer on the right each on the left is, by position.

    The same form unchanged, else as versions of a record are compared (``match_versions``). By order, however, only
    where nothing speaks against it: whoever is in doubt was removed, and another one added, for people never mix.
    """
    pairs: dict[int, int] = {}

    def source(customer: Mapping[str, Any]) -> int | None:
        return customer.get("source") if same_run else None

    def unmatched() -> tuple[list[int], list[int]]:
        places = set(pairs.values())
        return [i for i in range(len(left)) if i not in pairs], [i for i in range(len(right)) if i not in places]

    def pair_off(is_same: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]) -> None:
        for number in unmatched()[0]:
            place = next((place for place in unmatched()[1] if is_same(left[number], right[place])), None)
            if place is not None:
                pairs[number] = place

    def may_be_one(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        # One form of the run is never another.
        return source(one) == source(other) or None in (source(one), source(other))

    pair_off(lambda one, other: one["values"] == other["values"] and source(one) == source(other))
    pair_off(lambda one, other: one["values"] == other["values"] and may_be_one(one, other))
    pairs |= _by_identity(form, left, right, *unmatched(), source)

    def is_changed_in_place(number: int) -> bool:
        """Whether what stands where the customer stood is that one under another name, or where one side has none."""
        one, other = left[number], right[number]
        names = [form.name_of(customer["values"]).strip() for customer in (one, other)]
        without_name = [{**customer["values"], form.name_field: ""} for customer in (one, other)]
        return may_be_one(one, other) and (not all(names) or without_name[0] == without_name[1])

    if len(left) <= len(right):
        numbers, places = unmatched()
        pairs |= {number: number for number in numbers if number in places and is_changed_in_place(number)}
    return pairs


def _by_identity(
    form: Form,
    left: Sequence[Mapping[str, Any]],
    right: Sequence[Mapping[str, Any]],
    numbers: Sequence[int],
    places: Sequence[int],
    source: Callable[[Mapping[str, Any]], int | None],
) -> dict[int, int]:
    """The pairs of ``match_versions`` that a name or an only source speaks for, not only their order."""
    mine, theirs = (
        [Identity(source(side[at]), form.name_of(side[at]["values"]).strip()) for at in positions]
        for side, positions in ((left, numbers), (right, places))
    )
    parts = match_people([one.name for one in mine], [one.name for one in theirs])

    def is_known(number: int, place: int) -> bool:
        one, other = mine[number], theirs[place]
        only = [sum(each.origin == one.origin for each in side) == 1 for side in (mine, theirs)]
        has_origin = one.origin is not None and one.origin == other.origin and all(only)
        return has_origin or (bool(one.name) and one.name == other.name) or place in parts[number]

    return {
        numbers[number]: places[place]
        for number, place in enumerate(match_versions(mine, theirs))
        if place is not None and is_known(number, place)
    }


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
