"""Whatever a name is made of: what we sign is what other libraries read. Oxigraph, written in Rust, canonicalizes it again."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openbadgeslib.ob3 import OB3LdpVerifier
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

from laurel.credentials.openbadges_gateway import sign_credential
from laurel.credentials.rules.document import build_document
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.programs import Alignment
from laurel.credentials.rules.text import sanitize_text
from tests.credentials.samples import FACTS, PUBLIC_PEM, RECORD, SIGNER, with_holder
from tests.factories.credentials import ISSUER

MEETS = Alignment(name="Hazard assessment", url="https://frame.example/ha-1", framework="Safety", code="HA-1", type="ceasn:Competency")
FULL = replace(FACTS, exam=RECORD, achievement=replace(FACTS.achievement, code="WSP-101", alignments=(MEETS,)))
pyoxigraph = pytest.importorskip("pyoxigraph", reason="the second canonicalizer is not installed")


@given(st.text(max_size=80))
@settings(max_examples=30, deadline=None)
def test_whatever_a_name_is_it_is_signed_alike_everywhere_or_refused_by_name(name: str) -> None:
    document, now = build_document(ISSUER, with_holder(FULL, name=sanitize_text(name))), FACTS.awarded_at
    if not sanitize_text(name):
        with pytest.raises(UnsignableError, match="empty member"):
            sign_credential(document, SIGNER, created=now, allows_http=True)
        return

    text = sign_credential(document, SIGNER, created=now, allows_http=True)

    signed = OB3LdpVerifier(pubkey_pem=PUBLIC_PEM).verify(text)
    assert signed.name == document["name"]
    options = {"documentLoader": document_loader(), "algorithm": "URDNA2015", "format": "application/n-quads"}
    ours = jsonld.normalize(document, options)
    assert sorted(ours.splitlines()) == _canonical_by_another_library(jsonld.to_rdf(document, {"documentLoader": document_loader()}))


def _canonical_by_another_library(dataset: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    """The dataset canonicalized and written by pyoxigraph."""

    def term(node: dict[str, str]) -> object:
        if node["type"] == "IRI":
            return pyoxigraph.NamedNode(node["value"])
        if node["type"] == "blank node":
            return pyoxigraph.BlankNode(node["value"].removeprefix("_:"))
        return pyoxigraph.Literal(node["value"], datatype=pyoxigraph.NamedNode(node["datatype"]))

    found = pyoxigraph.Dataset(
        pyoxigraph.Quad(term(triple["subject"]), term(triple["predicate"]), term(triple["object"])) for triple in dataset["@default"]
    )
    found.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    written = pyoxigraph.serialize(found, format=pyoxigraph.RdfFormat.N_QUADS)
    assert written is not None
    return sorted(written.decode().splitlines())
