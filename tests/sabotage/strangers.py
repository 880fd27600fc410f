"""Who is not known: guesses, links, what is kept of an answer, and other users of the machine."""

from tests.sabotage.change import Change

SIGN_IN, HEADERS, HTTPS = (
    "tests/teams/test_sign_in.py",
    "tests/web/test_headers.py",
    "tests/web/test_https.py",
)
PEOPLE, FILES, LEARNING = (
    "tests/web/test_people.py",
    "tests/web/test_private_files.py",
    "tests/providers/test_capability_discovery.py",
)
ENDED = f"{SIGN_IN}::test_whatever_ends_the_trust_in_a_person_ends_every_way_in_that_is_open"

CHANGES = (
    Change(
        "a sign-in link outlives the password and the sessions that it was made under",
        "editorapp/teams/models/links.py",
        "and self.user.is_active and is_theirs",
        "and self.user.is_active",
        (ENDED,),
    ),
    Change(
        "a sign-in link lets in as often as it is opened",
        "editorapp/teams/sign_in.py",
        "filter(pk=link.pk, used_at=None, expires_at__gt=now)",
        "filter(pk=link.pk)",
        (f"{SIGN_IN}::test_of_two_who_press_the_button_in_the_same_moment_one_gets_in",),
    ),
    Change(
        "a chat that looks at a link uses it up",
        "editorapp/web/sign_in/views.py",
        'if request.method != "POST":\n            return render(request, "people/link.html"',
        'if request.method == "HEAD":\n            return render(request, "people/link.html"',
        (f"{PEOPLE}::test_to_open_a_link_uses_nothing_up_and_signs_nobody_in",),
    ),
    Change(
        "who gets a smaller role goes on in the sessions that are open",
        "editorapp/teams/people.py",
        "        if allows_less(role, before):\n            sign_out_everywhere(member.user)\n",
        "        if allows_less(role, before):\n",
        (ENDED,),
    ),
    Change(
        "an admin who is none any more comes back by an invitation of their own",
        "editorapp/teams/people.py",
        "            _close_invites_of(member, now=now, but_to=assignable_by(role))\n",
        "",
        (f"{SIGN_IN}::test_who_is_no_admin_any_more_comes_back_by_no_invitation_of_their_own",),
    ),
    Change(
        "several guesses at once are counted as one",
        "editorapp/teams/password_throttle.py",
        "SignInTries.objects.filter(pk=row.pk, count=row.count, last_at=row.last_at)",
        "SignInTries.objects.filter(pk=row.pk)",
        (
            f"{SIGN_IN}::test_of_many_tries_in_one_moment_no_more_are_looked_at_than_one_after_another",
        ),
    ),
    Change(
        "a stranger shuts a name for everybody",
        "editorapp/teams/password_throttle.py",
        'f"{name.lower()}\\n{place}"',
        'f"{name.lower()}"',
        (
            f"{SIGN_IN}::test_no_number_of_names_tried_from_one_address_shuts_it_and_no_number_of_addresses_shuts_a_name",
        ),
    ),
    Change(
        "a known browser is known for whoever is tried in it",
        "editorapp/teams/known_browsers.py",
        'return constant_time_compare(self.marks.get(str(user.pk), ""), user.mark(type(self).__name__))',
        "return bool(self.marks)",
        (f"{SIGN_IN}::test_a_browser_is_known_until_the_password_changes_and_for_nobody_else",),
    ),
    Change(
        "a browser says itself from where it comes",
        "editorapp/core/client_address.py",
        '.rpartition(",")[2].strip()',
        '.partition(",")[0].strip()',
        (f"{PEOPLE}::test_where_a_request_comes_from_is_what_the_nearest_proxy_saw",),
    ),
    Change(
        "browsers and proxies keep pages",
        "editorapp/core/middleware.py",
        '            "Cache-Control": "private, no-store",\n',
        "",
        (f"{HEADERS}::test_every_answer_says_what_may_be_kept_of_it_and_what_a_page_may_do",),
    ),
    Change(
        "media are compressed",
        "editorapp/core/middleware.py",
        "if response.streaming or response.status_code == 206 or kind not in self.TYPES:",
        "if False:",
        (f"{HEADERS}::test_pages_go_out_compressed_and_no_medium_does",),
    ),
    Change(
        "pages go out without TLS",
        "editorapp/settings.py",
        "SECURE_SSL_REDIRECT = IS_HTTPS",
        "SECURE_SSL_REDIRECT = False",
        (f"{HTTPS}::test_without_tls_everything_leads_to_https_but_what_machines_ask",),
    ),
    Change(
        "a host beside ours sets our cookies",
        "editorapp/settings.py",
        '_prefix = "__Host-" if IS_HTTPS else ""',
        '_prefix = ""',
        (f"{HTTPS}::test_the_link_signs_in_over_https_with_cookies_that_this_host_alone_can_set",),
    ),
    Change(
        "other users of the machine read what is written",
        "editorapp/__main__.py",
        "    private_files.begin()\n",
        "",
        (f"{FILES}::test_whatever_command_is_the_first_makes_a_folder_for_its_user_alone",),
    ),
    Change(
        "other users of the machine read what an older version wrote",
        "editorapp/ops/preparing.py",
        "    closed, left = private_files.close(_private_places())\n",
        "    closed, left = 0, 0\n",
        (
            f"{FILES}::test_a_studio_closes_an_old_data_folder_and_makes_nothing_that_others_can_read",
        ),
    ),
    Change(
        "an admin looks through this server into the network that it stands in",
        "editorapp/providers/capability_discovery.py",
        "        if account.leads_elsewhere:\n",
        "        if False:\n",
        (
            f"{LEARNING}::test_of_an_address_that_an_admin_entered_nothing_is_told_but_that_it_is_not_the_provider",
        ),
    ),
    Change(
        "a stranger's page in a browser here sets faults of the simulator",
        "editorapp/simulator/admin.py",
        'return is_near and origin in ("", f"http://{host}")',
        "return is_near",
        (
            "tests/simulator/test_faults.py::test_the_admin_endpoints_are_for_this_machine_and_no_strangers_page",
        ),
    ),
)
