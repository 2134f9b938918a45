"""Readings of characters: all of them, without tones."""

import subprocess
import sys

from core.domain.pinyin import readings_of


def test_every_reading_of_a_character_is_known_in_whatever_word_it_stands() -> None:
    read = readings_of(["重要", "银行", "音乐"])
    assert {"zhong", "chong"} <= set(read["重"].split())
    assert {"xing", "hang"} <= set(read["行"].split())
    assert {"le", "yue"} <= set(read["乐"].split())


def test_readings_have_no_tones_and_spell_u_umlaut_as_keyboards_do() -> None:
    assert readings_of(["意向"]) == {"意": "yi", "向": "xiang"}
    assert "lv" in readings_of(["绿"])["绿"].split()


def test_latin_letters_digits_signs_and_emoji_have_none() -> None:
    assert readings_of(["CRM 2.0（测）", "", "👍"]) == {"测": "ce"}


def test_the_dictionary_is_loaded_when_a_reading_is_asked_for() -> None:
    code = "import sys, core.domain.pinyin; sys.exit('pypinyin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
