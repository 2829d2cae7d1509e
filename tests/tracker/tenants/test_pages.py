"""Members, invitations and settings as people meet them on their pages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.tracker.conftest import PASSWORD
from tests.tracker.pages import Page, link_in, naughty
from tracker.http.console import SESSION_KEY
from tracker.tenants import scope
from tracker.tenants.models import Environment, Invitation, Role, Tenant, User
from tracker.tenants.selectors import members_of, memberships_of

GUEST = "guest@example.com"


@pytest.fixture
def invited(customer, signed_in, mailoutbox, django_capture_on_commit_callbacks):
    """The path of an invitation's link, out of the mail that was sent."""

    def send(email=GUEST, role="supervisor", by=None):
        with django_capture_on_commit_callbacks(execute=True):
            signed_in(by or customer.owner).post(reverse("console_invite"), {"email": email, "role": role})
        return link_in(mailoutbox[-1].body, "/console/join/")

    return send


def _members(customer) -> dict[str, str]:
    scope.enter(tenant_id=customer.tenant.pk)
    return {m.user.email: m.role for m in members_of(customer.tenant.pk)}


def test_an_invitation_is_a_mail_with_a_link_and_stands_in_the_list(customer, signed_in, invited, mailoutbox):
    link = invited()
    assert mailoutbox[0].to == [GUEST]
    assert "ours" in mailoutbox[0].subject
    text = signed_in(customer.owner).get(reverse("console_members")).content.decode()
    assert GUEST in text
    assert link.split("/")[-2] not in text


def test_a_name_with_a_line_break_cannot_write_headers_of_the_mail(customer, invited, mailoutbox):
    Tenant.objects.filter(pk=customer.tenant.pk).update(name="Ours\nBcc: everybody@example.com")
    invited()
    assert "\n" not in mailoutbox[0].subject
    assert mailoutbox[0].recipients() == [GUEST]


def test_a_newcomer_signs_up_through_the_link_and_joins_without_a_tenant_of_their_own(customer, invited):
    link, browser = invited(), Client()
    assert "Sign up" in browser.get(link).content.decode()
    answer = browser.post(reverse("account_signup"), {"email": GUEST, "password1": PASSWORD})
    assert answer["Location"] == link
    page = Page(browser.get(link).content.decode())
    assert page.faults == []
    answer = browser.post(link, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("console")
    assert _members(customer)[GUEST] == "supervisor"
    scope.enter(user_id=User.objects.get(email=GUEST).pk)
    assert memberships_of(User.objects.get(email=GUEST)).count() == 1


def test_somebody_who_has_an_account_signs_in_and_comes_back_to_the_link(customer, rival, invited):
    link, browser = invited(rival.owner.email), Client()
    browser.get(link)
    answer = browser.post(reverse("account_login"), {"login": rival.owner.email, "password": PASSWORD})
    assert answer["Location"] == link
    browser.post(link)
    assert _members(customer)[rival.owner.email] == "supervisor"
    assert browser.session[SESSION_KEY] == customer.test.public_id


def test_a_link_for_another_address_lets_nobody_in(customer, rival, signed_in, invited):
    link, browser = invited(), signed_in(rival.owner)
    assert "for another address" in browser.get(link).content.decode()
    browser.post(link)
    assert rival.owner.email not in _members(customer)


def test_a_link_works_once_and_a_wrong_or_cancelled_one_never(customer, signed_in, invited):
    person = signed_in(User.objects.create_user(GUEST, PASSWORD))
    link = invited()
    assert person.get(link[:-2] + "x/").status_code == 404
    assert person.get(re.sub("inv_[0-9a-f]{8}", "inv_00000000", link)).status_code == 404
    scope.enter(tenant_id=customer.tenant.pk)
    invitation = Invitation.objects.for_tenant(customer.tenant).get()
    signed_in(customer.owner).post(reverse("console_invitation_cancel", args=[invitation.public_id]))
    assert person.get(link).status_code == 404
    link = invited()
    person.post(link)
    assert person.get(link).status_code == 404
    assert "does not work any more" in person.post(link).content.decode()


def test_an_admin_cannot_make_an_owner_nor_unmake_one(customer, signed_in):
    admin = signed_in(customer.member(Role.ADMIN, "admin@example.com"))
    scope.enter(tenant_id=customer.tenant.pk)
    owner = members_of(customer.tenant.pk).get(user=customer.owner)
    admin.post(reverse("console_invite"), {"email": GUEST, "role": "owner"})
    admin.post(reverse("console_member_role", args=[owner.public_id]), {"role": "viewer"})
    admin.post(reverse("console_member_remove", args=[owner.public_id]))
    assert _members(customer) == {customer.owner.email: "owner", "admin@example.com": "admin"}
    assert not Invitation.objects.for_tenant(customer.tenant).exists()


def test_a_viewer_can_leave_and_cannot_send_others_away(customer, signed_in):
    viewer = customer.member(Role.VIEWER, "viewer@example.com")
    customer.member(Role.VIEWER, "other@example.com")
    scope.enter(tenant_id=customer.tenant.pk)
    ids = {m.user.email: m.public_id for m in members_of(customer.tenant.pk)}
    browser = signed_in(viewer)
    browser.post(reverse("console_member_remove", args=[ids["other@example.com"]]))
    assert "other@example.com" in _members(customer)
    browser.post(reverse("console_member_remove", args=[ids["viewer@example.com"]]))
    assert "viewer@example.com" not in _members(customer)
    assert browser.get(reverse("console"))["Location"] == reverse("console_new_tenant")


def test_the_last_owner_cannot_leave(customer, signed_in):
    scope.enter(tenant_id=customer.tenant.pk)
    owner = members_of(customer.tenant.pk).get()
    answer = signed_in(customer.owner).post(
        reverse("console_member_remove", args=[owner.public_id]), follow=True
    )
    assert "last owner" in answer.content.decode()
    assert _members(customer) == {customer.owner.email: "owner"}


def test_inviting_a_member_again_is_refused_beside_the_field(customer, signed_in):
    answer = signed_in(customer.owner).post(
        reverse("console_invite"), {"email": customer.owner.email.upper(), "role": "viewer"}
    )
    assert 'id="id_email_error"' in answer.content.decode()


SOUND = {"name": "Test", "accuracy_bound_m": "75.5", "speed_bound_mps": "60", "retention_days": "30"}


def test_the_bounds_of_the_environment_in_hand_are_set(customer, signed_in):
    signed_in(customer.owner).post(reverse("console_environment_change"), SOUND)
    environments = Environment.objects.for_tenant(customer.tenant)
    changed, untouched = environments.get(kind="test"), environments.get(kind="live")
    assert (changed.accuracy_bound_m, changed.speed_bound_mps, changed.retention_days) == (75.5, 60.0, 30)
    assert untouched.retention_days == 90


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention_days": "91"}, {"retention_days": "0"}, {"retention_days": "1.5"}, {"accuracy_bound_m": "-1"},
        {"accuracy_bound_m": "nan"}, {"speed_bound_mps": "inf"}, {"speed_bound_mps": "1300"}, {"name": "Live"},
        {"name": ""}, {"name": "x" * 101},
    ],
)  # fmt: skip
def test_bounds_that_make_no_sense_are_refused_beside_their_field(customer, signed_in, wrong):
    answer = signed_in(customer.owner).post(reverse("console_environment_change"), SOUND | wrong)
    page = Page(answer.content.decode())
    assert f"id_{next(iter(wrong))}_error" in page.ids
    assert page.faults == []
    assert Environment.objects.for_tenant(customer.tenant).get(kind="test").retention_days == 90


def test_a_further_test_environment_has_keys_of_its_own_and_is_shown_at_once(customer, signed_in):
    browser = signed_in(customer.owner)
    answer = browser.post(reverse("console_environment_create"), {"new-name": "Staging"}, follow=True)
    text = answer.content.decode()
    assert "Bearer pk_test_" in text
    assert customer.publishable_key not in text
    again = browser.post(reverse("console_environment_create"), {"new-name": "Staging"})
    assert "already" in again.content.decode()
    assert Environment.objects.for_tenant(customer.tenant).count() == 3


def test_organisations_may_be_called_anything_and_it_is_shown_as_text(customer, signed_in):
    browser = signed_in(customer.owner)
    for name in naughty()[:30]:
        answer = browser.post(reverse("console_tenant_rename"), {"tenant-name": name}, follow=True)
        page = Page(answer.content.decode())
        assert page.faults == [], name
        assert " ".join(name.split()) in " ".join(page.text.split())
