"""The addresses of accounts; allauth's own pages stand under `/accounts/`."""

from django.urls import path

from accounts.views import activity, invitations, letters, members, owner, sessions

app_name = "accounts"
urlpatterns = [
    path("welcome", owner.welcome, name="welcome"),
    path("invitation/<str:secret>", invitations.invitation, name="invitation"),
    path("console/letters", letters.letters, name="letters"),
    path("console/account/activity", activity.activity, name="activity"),
    path("console/account/sessions", sessions.sessions, name="sessions"),
    path(
        "console/account/sessions/end-others",
        sessions.sessions_end_others,
        name="sessions_end_others",
    ),
    path(
        "console/account/sessions/<int:pk>/end",
        sessions.session_end,
        name="session_end",
    ),
    path("console/members", members.members, name="members"),
    path(
        "console/members/<uuid:pk>/suspend",
        members.member_suspend,
        name="member_suspend",
    ),
    path(
        "console/members/<uuid:pk>/resume", members.member_resume, name="member_resume"
    ),
    path(
        "console/members/<uuid:pk>/end-sessions",
        members.member_end_sessions,
        name="member_end_sessions",
    ),
    path(
        "console/members/invitations/<uuid:pk>/withdraw",
        members.invitation_withdraw,
        name="invitation_withdraw",
    ),
]
