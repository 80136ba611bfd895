"""What every address of the site has in common."""

import re

from flask import Flask

from laurel.web.access import ENTRIES, READING, WEBHOOK, policy_of

PAGE_FILES = {"robots.txt", "feed.xml", "sitemap.xml"}


def test_every_view_says_who_may_enter(shared_app: Flask) -> None:
    silent = {
        (rule.endpoint, method)
        for rule in shared_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if method not in (policy_of(shared_app, rule.endpoint) or {})
    }

    assert silent == set()


def test_a_policy_names_an_entry_or_a_capability(shared_app: Flask) -> None:
    declared = {entry for endpoint in shared_app.view_functions for entry in (policy_of(shared_app, endpoint) or {}).values()}

    assert {entry for entry in declared if entry not in ENTRIES and not re.fullmatch(r"[a-z]+:[a-z]+", entry)} == set()


def test_only_signed_webhooks_and_the_sandbox_are_free_of_csrf(shared_app: Flask) -> None:
    free = {endpoint for endpoint in shared_app.view_functions if WEBHOOK in (policy_of(shared_app, endpoint) or {}).values()}

    assert {endpoint.split(".")[-1] for endpoint in free} <= {"stripe_webhook", "sandbox_page"}


def test_only_examining_a_certificate_is_a_post_that_reads(shared_app: Flask) -> None:
    reading = {endpoint for endpoint in shared_app.view_functions if READING in (policy_of(shared_app, endpoint) or {}).values()}

    assert reading <= {"credentials.examine_upload", "credentials.verify_by_api", "credentials.answer_name"}


def test_addresses_are_kebab_case(shared_app: Flask) -> None:
    words = {
        word
        for rule in shared_app.url_map.iter_rules()
        for word in re.sub(r"<[^>]+>", "", rule.rule).split("/")
        if word and not rule.rule.startswith("/static/")
    }

    assert {word for word in words if not re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*|\.well-known|\.[a-z]+|v", word)} == set()


def test_every_id_in_an_address_is_a_uuid(shared_app: Flask) -> None:
    suspicious = {rule.rule for rule in shared_app.url_map.iter_rules() if re.search(r"<(int:|string:)?[a-z_]*_id>", rule.rule)}

    assert suspicious == set()
