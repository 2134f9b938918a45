"""One person in every spelling of what is known of them, and nobody else."""

import pytest

from core.domain.personal_data import PersonSpellings, address_forms


@pytest.mark.parametrize(
    ("term", "written"),
    [
        *(
            ("陈雨婷", written)
            for written in (
                "陈·雨婷",
                "陈 雨 婷",
                "陳雨婷",
                "陈\u200b雨婷",
                "陈-雨婷",
                "陈.雨婷",
                "陈　雨婷",
                "@陈_雨婷",
            )
        ),
        *(
            ("陈雨婷", written)
            for written in (
                "\\u9648\\u96e8\\u5a77",
                "陈\\u96E8婷",
                "&#38472;&#38632;婷",
                "%E9%99%88%E9%9B%A8%E5%A9%B7",
                "陈<b>雨婷</b>"[:-4],
                "陈/雨婷",
                "陈(雨婷",
                "陈「雨」婷",
            )
        ),
        *(
            ("13755550101", written)
            for written in (
                "013755550101",
                "0137 5555 0101",
                "137\n5555\n0101",
                "137\\n5555\\n0101",
                "137<br>5555<br/>0101",
            )
        ),
        *(("陳·雨婷", written) for written in ("陈雨婷", "陳雨婷")),
        *(("邱明远", written) for written in ("邱眀远", "邱朙遠", "邱*明*远", "邱|明远")),
        *(("黄国栋", written) for written in ("黃国栋", "黄囯栋", "黄國棟")),
        *(("13755550101", written) for written in ("13755550101转802", "137-5555-0101 ext. 12")),
        *(("Lily Chen", written) for written in ("ＬＩＬＹ　Ｃｈｅｎ", "lily chen", "LILYCHEN")),
        *(
            ("+86 137 5555 0101", written)
            for written in (
                "１３７５５５５０１０１",
                "+8613755550101",
                "0086-137-5555-0101",
                "一三七五五五五零一零一",
                "①③⑦⑤⑤⑤⑤⓪①⓪①",
                "1️⃣3️⃣7️⃣5️⃣5️⃣5️⃣5️⃣0️⃣1️⃣0️⃣1️⃣",
                "137，5555，0101",
                "137_5555_0101",
                "137😊5555😊0101",
                "壹叁柒伍伍伍伍零壹零壹",
            )
        ),
        ("11010519491231002x", "110105 1949 1231 002Ｘ"),
        ("qiumy_2020", "ＱＩＵＭＹ＿２０２０"),
    ],
)
def test_a_person_is_found_however_written(term: str, written: str) -> None:
    spellings = PersonSpellings([term])
    assert spellings.count(f"找{written}，谢谢") == 1
    assert written.strip("+@") not in spellings.replace(f"找{written}，谢谢", {term: "某"})


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("雨婷", "陈雨，婷婷"),
        ("13755550101", "113755550101"),
        ("Lily", "Lilyan"),
        ("陈雨婷", "陈雨\n婷"),
        ("10086", "1008，601"),
    ],
)
def test_nobody_else_is(term: str, text: str) -> None:
    assert not PersonSpellings([term]).count(text)


def test_how_a_chat_addresses_somebody() -> None:
    chat = "陈雨婷：在吗\n客服：陈女士您好，小陈你好\n李强2：陈雨婷姓陈\n"
    assert address_forms(chat, "陈雨婷") == ["陈女士", "小陈", "姓陈"]
    assert address_forms(chat + "陈大海：我也姓陈\n", "陈雨婷") == []
    assert address_forms(chat, "奔跑的蜗牛") == []
