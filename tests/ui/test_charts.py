"""Charts of the same numbers are made once, and those of others are not the same."""

from core.ui import charts

ROWS = [{"字段": "咨询类型", "失分": 0.4, "占失分": 40.0}, {"字段": "意向产品", "失分": 0.6, "占失分": 60.0}]


def test_a_chart_of_the_same_numbers_is_made_once() -> None:
    first = charts.lost_points_chart(ROWS)
    assert charts.lost_points_chart([dict(row) for row in ROWS]) is first
    other = charts.lost_points_chart(ROWS[:1])
    assert other is not first and other.height < first.height
    drawn = first.to_dict()
    assert first.to_dict() == drawn and drawn["encoding"]["x"]["field"] == "失分"  # drawing leaves it as it is
