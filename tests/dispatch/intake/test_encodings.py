"""Bytes to text: what proves itself, what is guessed, and what is refused rather than read wrongly."""

import pytest

from dispatch.intake.encodings import decode
from dispatch.intake.faults import Unreadable

TEXT = "Name;Ort\nMüller;Köln\nKulkarni;पुणे\n"
WESTERN = "Name;Straße\nJosé Müller;Königstraße 5\nZoë;Café – am Eck\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_known_with_its_mark_and_without(encoding):
    decoded = decode(TEXT.encode(encoding))
    assert decoded.text == TEXT
    assert not decoded.guessed


def test_windows_1252_is_guessed_where_it_gives_words_and_says_that_it_is_a_guess():
    decoded = decode(WESTERN.encode("cp1252"))
    assert (decoded.text, decoded.encoding, decoded.guessed) == (WESTERN, "cp1252", True)


@pytest.mark.parametrize(
    "text",
    [
        "Name;Street\nMüller;Straße Größe\n",
        "Müller Straße Größe",
        "Grüße, Füße, süß und heiß",
        "créée, née à Crécy",
        "São João, ações e corações",
        "Hämäläinen, Määttä, Töölö",
    ],
)
def test_two_small_letters_with_accents_side_by_side_are_a_word(text):
    decoded = decode(text.encode("cp1252"))
    assert (decoded.text, decoded.guessed) == (text, True)


@pytest.mark.parametrize("text", ["Тверская улица, Иванов", "на дом к Ивановым", "Żółta gęś, Łódź"])
@pytest.mark.parametrize("encoding", ["cp1251", "cp1250", "koi8-r"])
def test_words_of_another_encoding_are_not_read_as_western_ones(text, encoding):
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        return  # it cannot hold these letters
    with pytest.raises(Unreadable, match="encoding"):
        decode(content)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("名前,住所\n山田太郎,東京都千代田区\n", "shift_jis"),
        ("姓名,地址\n王小明,北京市朝阳区\n", "gb18030"),
        ("Имя,Адрес\nИванов,Москва, Тверская улица\n", "cp1251"),
        ("이름,주소\n홍길동,서울특별시\n", "euc_kr"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_refused_and_read_once_it_is_chosen(text, encoding):
    with pytest.raises(Unreadable, match="encoding"):
        decode(text.encode(encoding))
    assert decode(text.encode(encoding), encoding).text == text


def test_a_chosen_encoding_that_does_not_fit_names_byte_and_line():
    with pytest.raises(Unreadable, match=r"byte 4 in line 2 \(0xff\)"):
        decode(b"abc\n\xff", "utf-8")


def test_a_file_with_null_bytes_is_no_text():
    with pytest.raises(Unreadable, match="null bytes"):
        decode(b"a,b\n1,\x00\n2,3\n" * 3)
