from dataclasses import replace

import pytest

from laurel import settings
from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.organizations import MAX_OFFICIAL, OrganizationFacts, check_logo, check_slug, clean_facts
from tests.factories.organizations import FACTS, png

HOUSE = Issuer(public_url="https://laurel.example:8443", name="Laurel Academy", email="certificates@laurel.example")
ACME = replace(HOUSE, slug="acme", name="Acme", home_url="https://acme.example", has_logo=False)


def test_addresses_of_the_house_and_of_an_organization() -> None:
    assert (HOUSE.did, ACME.did) == ("did:web:laurel.example%3A8443", "did:web:laurel.example%3A8443:orgs:acme")
    assert HOUSE.did_url == "https://laurel.example:8443/.well-known/did.json"
    assert ACME.did_url == "https://laurel.example:8443/orgs/acme/did.json"
    assert HOUSE.token_key_url("jwt-2026-01") == "https://laurel.example:8443/keys/jwt-2026-01.jwk"
    assert ACME.token_key_url("jwt-2026-01") == "https://laurel.example:8443/orgs/acme/keys/jwt-2026-01.jwk"
    assert (HOUSE.url, ACME.url) == (HOUSE.public_url, "https://acme.example")
    assert (HOUSE.logo_url, ACME.logo_url) == ("https://laurel.example:8443/issuer/logo.png", "")
    assert replace(ACME, has_logo=True).logo_url == "https://laurel.example:8443/orgs/acme/logo.png"


@pytest.mark.parametrize(
    ("did", "slug"),
    [
        (HOUSE.did, ""),
        (ACME.did, "acme"),
        (f"{HOUSE.did}:orgs:a-b-2", "a-b-2"),
        (f"{HOUSE.did}:orgs:", None),
        (f"{HOUSE.did}:orgs:acme:more", None),
        (f"{HOUSE.did}:orgs:ACME", None),
        (f"{HOUSE.did}:orgs:../x", None),
        (f"{HOUSE.did}:people:acme", None),
        ("did:web:laurel.example", None),
        ("did:web:elsewhere.example:orgs:acme", None),
        ("", None),
    ],
)
def test_whose_did_it_is(did: str, slug: str | None) -> None:
    assert HOUSE.slug_of(did) == slug
    assert ACME.slug_of(did) == slug  # whoever asks


@pytest.mark.parametrize("slug", ["a", "acme", "acme-2", "a" * 40])
def test_a_short_name_is_small_letters_digits_and_hyphens(slug: str) -> None:
    assert check_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a b", "a/b", "a:b", "a_b", "ä", "a\n", "a" * 41])
def test_other_short_names_are_refused(slug: str) -> None:
    with pytest.raises(InvalidInputError, match="small letters"):
        check_slug(slug)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \u202e"),
        ("description", "\x00"),
        ("url", "http://acme.example"),
        ("url", "https://"),
        ("url", "https://localhost"),
        ("url", "https://acme.example/a b"),
        ("url", "https://[acme.example"),
        ("url", "javascript:alert(1)"),
        ("official", "x" * 101),
        *(
            ("linkedin_id", said)
            for said in ("acme", "12a", "1 2", "-1", "1.5", "0", "007", "١٢٣", "9" * 21, "https://linkedin.com/company/1337")
        ),
        ("official", "Dr. \u1810\u1820"),  # no font has these letters: no certificate of theirs could be printed
    ],
)
def test_what_cannot_stand_in_a_certificate_is_refused_beside_its_field(field: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clean_facts(replace(FACTS, **{field: value}))

    assert refused.value.field == field


def test_an_official_has_as_many_characters_as_that_of_the_house_and_may_be_nobody() -> None:
    assert MAX_OFFICIAL == settings.MAX_OFFICIAL
    assert clean_facts(replace(FACTS, official=" Dr. \n Marsh ")).official == "Dr. Marsh"
    assert clean_facts(FACTS).official == ""


def test_linkedin_knows_an_organization_by_digits_or_not_at_all() -> None:
    assert clean_facts(replace(FACTS, linkedin_id=" 1337\n")).linkedin_id == "1337"
    assert clean_facts(FACTS).linkedin_id == ""


def test_words_are_cleaned_as_they_will_be_signed() -> None:
    written = OrganizationFacts(name=" Acme\u202e ", url=" https://acme.example ", email=" a@acme.example ", description="One.\r\nTwo.")

    cleaned = clean_facts(written)

    assert (cleaned.name, cleaned.url, cleaned.email, cleaned.description) == (
        "Acme",
        "https://acme.example",
        "a@acme.example",
        "One.\nTwo.",
    )


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (b"GIF89a", "no PNG"),
        (png()[:-1], "no PNG"),
        (png().replace(b"IDAT", b"IDAU"), "no PNG"),
        (png(63, 96), "63 by 96"),
        (png(96, 1025), "96 by 1025"),
        (b"\0" * 200_001, "200 KB"),
    ],
)
def test_a_logo_is_a_whole_png_of_a_fitting_size(picture: bytes, why: str) -> None:
    assert check_logo(png()) == png()
    with pytest.raises(InvalidInputError, match=why):
        check_logo(picture)
