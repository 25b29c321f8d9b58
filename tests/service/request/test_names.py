"""The names of files, as programs write them."""

import pytest

from facecraft.service.request.names import CHARSETS, file_name


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        (b'filename="a.jpg"', "a.jpg"),
        (b"filename=a.jpg", "a.jpg"),
        (b'filename=""', ""),
        ('filename="фото.jpg"'.encode(), "фото.jpg"),
        ('filename="Müller.jpg"'.encode("cp1252"), "Müller.jpg"),
        (b"filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.jpg", "фото.jpg"),
        (b"filename*=UTF-8'de'M%C3%BCller.jpg", "Müller.jpg"),
        (b"filename*=iso-8859-1''M%FCller.jpg", "Müller.jpg"),
        (b"filename*=\"utf-8''M%C3%BCller.jpg\"", "Müller.jpg"),
        (b"filename=\"a.jpg\"; filename*=utf-8''b.jpg", "b.jpg"),
        (b"filename*=utf-8''b.jpg; filename=\"a.jpg\"", "b.jpg"),
        (b'filename="=?utf-8?B?0YTQvtGC0L4uanBn?="', "фото.jpg"),
        (b'filename="=?iso-8859-1?Q?M=FCller.jpg?="', "Müller.jpg"),
        (b'filename="=?utf-8?Q?one?= =?utf-8?Q?_two.jpg?="', "one two.jpg"),
        (b"filename=\"x; filename*=utf-8''evil.jpg\"", "x; filename*=utf-8''evil.jpg"),
    ],
)
def test_a_name_comes_out_as_its_user_reads_it(parameters: bytes, name: str) -> None:
    assert file_name(b'form-data; name="file"; ' + parameters) == name


@pytest.mark.parametrize("charset", sorted(CHARSETS))
def test_every_charset_is_one_that_python_has(charset: str) -> None:
    assert file_name(f"form-data; filename*={charset}''b.jpg".encode()) == "b.jpg"


@pytest.mark.parametrize(
    "parameters",
    [
        b"filename*=nonesuch''b.jpg",
        b"filename*=utf-8''%FF.jpg",
        b"filename*=b.jpg",
        b"filename*=utf-8'b.jpg",
        b"filename*=",
        b"filename*=undefined''b.jpg",  # codecs of Python that are none of a mail program
        b"filename*=idna''xn--zzzzzzzz99999",
        b"filename*=punycode''b.jpg-999999",
        b"filename*=utf-7''b.jpg",
        b"filename*=unicode_escape''b.jpg",
        b"filename*=hex''62",
        b"filename*=\0''b.jpg",
        b"filename*=big5''%FF.jpg",
    ],
)
def test_a_name_that_cannot_be_read_leaves_the_plain_one(parameters: bytes) -> None:
    assert file_name(b'form-data; name="file"; filename="a.jpg"; ' + parameters) == "a.jpg"


@pytest.mark.parametrize(
    "word",
    [
        *("=?utf-8?B?%%%?=", "=?nonesuch?B?YQ==?=", "=?utf-8?B?/w==?=", "=?utf-8?X?a?="),
        *("=?idna?q?xn--zz?=", "=?undefined?q?a?=", "=?utf-7?q?a?=", "=?unicode_escape?q?a?=", "=?\0?q?a?="),
    ],
)
def test_what_only_looks_like_an_encoded_word_is_left_as_it_is(word: str) -> None:
    assert file_name(f'form-data; filename="{word}"'.encode()) == word


def test_a_part_without_a_name_has_none() -> None:
    assert file_name(b'form-data; name="file"') is None
    assert file_name(b"") is None
    assert file_name(b"form-data; filename*=utf-8''") is None
