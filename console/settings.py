"""Every setting of Keyfob, each read from the environment through `console.env`.

A value that cannot be used stops the start with one list of all that is wrong.
`.env.example` explains each variable; a test compares the two.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab, schedule

from console import env
from fleet.endpoints import PRICE_USD
from fleet.hosts import Hosts
from fleet.scopes import ASKED, Scope

ENVIRONMENT = environment = env.Environment(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent

# Where it runs
DATA_DIR = Path(environment.text("DATA", "data")).resolve()
PORT = environment.number("PORT", 8000, least=1, most=65535)
PUBLIC_URL = environment.url("PUBLIC_URL", f"http://localhost:{PORT}")
_public = urlsplit(PUBLIC_URL)
HTTPS = _public.scheme == "https"
SIMULATED_TESLA = environment.flag("SIMULATED_TESLA", default=False)

SECRET_KEY = environment.secret("SECRET_KEY")
if len(SECRET_KEY) < 50:
    environment.problem("SECRET_KEY", "must have at least 50 characters.")
SECRET_KEY_FALLBACKS = environment.secret("SECRET_KEY_FALLBACKS").split()
ENCRYPTION_KEYS = environment.keys("ENCRYPTION_KEYS")
DEBUG = False
ALLOWED_HOSTS = [_public.hostname or "localhost", *environment.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *environment.words("CSRF_TRUSTED_ORIGINS")]
ROOT_URLCONF = "console.urls"
CSRF_FAILURE_VIEW = "console.views.errors.csrf_failure"
ASGI_APPLICATION = "console.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# The editor of what a car streams has some 250 rows of two or three fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

INSTALLED_APPS = [
    "accounts",
    "tokens",
    "billing",
    "webhooks",
    "vehicles",
    "energy",
    "telemetry",
    "console",
    "console.operating.OperatorConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "django_htmx",
    "django_linear_migrations",
    "lucide",
]

MIDDLEWARE = [
    "console.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.middleware.one_address",
    "console.middleware.database_away",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.middleware.own_forms_only",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.context.site",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]

# What it keeps, and where
DATABASES = {
    "default": env.database(
        environment, "DATABASE_URL", f"sqlite:///{DATA_DIR}/keyfob.sqlite3"
    )
}
REDIS_URL = environment.secret("REDIS_URL", "redis://localhost:6379/0")
# Rate limits of the sign-in doors live here; in the database, so that they hold in
# every process and the pages open while Redis is away.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # So many that a flood of sign-ins cannot push a lock out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DELETIONS_KEPT_DAYS = environment.number("DELETIONS_KEPT_DAYS", 30, least=1, most=3650)
COMMANDS_KEPT_DAYS = environment.number("COMMANDS_KEPT_DAYS", 90, least=1, most=3650)
INQUIRIES_KEPT_DAYS = environment.number("INQUIRIES_KEPT_DAYS", 7, least=1, most=3650)

# Sign-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email",)},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.ProductNameValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
SIGNUP_OPEN = environment.flag("SIGNUP_OPEN", default=SIMULATED_TESLA)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console:dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "console:front"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = str
# Only so can sign-up answer alike for an address that has an account.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# The doors beside the password's; allauth's own limits hold for the others.
ACCOUNT_RATE_LIMITS = {
    "tesla_sign_in": "30/m/ip",
    "welcome": "20/m/ip",
    "invitation": "30/m/ip",
    # What is refused, by address; what is given, by connection.
    "oauth_refused": "60/m/ip",
    "oauth_token": "60/m/key",
}
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_forms.AddWebAuthnForm",
    "authenticate_webauthn": "accounts.passkey_forms.AuthenticateWebAuthnForm",
    "login_webauthn": "accounts.passkey_forms.LoginWebAuthnForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.ReauthenticateWebAuthnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Keyfob"
# allauth remembers a used code for one period: with any tolerance it would work twice.
MFA_TOTP_TOLERANCE = 0
# Nobody comes as far as a second factor here without a proven address, or Tesla.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Where those prove it again who have no password and no second factor.
TESLA_PROOF_URL = "tokens:prove"
# For how long an invitation's link works.
INVITATION_DAYS = 7
ACCOUNT_SESSION_REMEMBER = True
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ABSOLUTE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# The __Host- prefix pins a cookie to this host; browsers take it over TLS only.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"

# Behind a reverse proxy
TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXY_COUNT", 0, least=0, most=9)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT and HTTPS else None
)
SECURE_SSL_REDIRECT = HTTPS
# Programs post there, and a redirect would lose what they post; as at the API.
SECURE_REDIRECT_EXEMPT = [r"^oauth/token$"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag(
    "HSTS_INCLUDE_SUBDOMAINS", default=False
)
# Both bind the whole domain, of which Keyfob may be one host among others: the first is
# a setting, the second a list kept by browsers' makers.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Not "no-referrer": under it browsers send "Origin: null" with our own forms, which
# the CSRF check must refuse. Other sites are told nothing either way.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Letters
for _name, _value in env.email(environment, "EMAIL_URL").items():
    globals()[_name] = _value
MAIL_SERVER = "EMAIL_HOST" in globals()
# Without a mail server the letters are kept and shown to the owner.
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if MAIL_SERVER
    else "accounts.mail.LetterBackend"
)
DEFAULT_FROM_EMAIL = environment.text(
    "MAIL_FROM", f"Keyfob <keyfob@{_public.hostname or 'localhost'}>"
)

AUDIT_KEPT_DAYS = environment.number("AUDIT_KEPT_DAYS", 730, least=30, most=3650)
LETTERS_KEPT_DAYS = environment.number("LETTERS_KEPT_DAYS", 7, least=1, most=365)

# Tesla
TESLA_CLIENT_ID = environment.required(
    "TESLA_CLIENT_ID", "Copy it from your application at developer.tesla.com."
)
TESLA_CLIENT_SECRET = environment.secret("TESLA_CLIENT_SECRET")
if not TESLA_CLIENT_SECRET:
    environment.problem(
        "TESLA_CLIENT_SECRET",
        "is not set. Copy it from your application at developer.tesla.com.",
    )
TESLA_DOMAIN = environment.text("TESLA_DOMAIN", _public.hostname or "localhost")
TESLA_SCOPES = environment.words("TESLA_SCOPES", " ".join(ASKED))
for _scope in TESLA_SCOPES:
    if _scope not in set(Scope):
        environment.problem("TESLA_SCOPES", f"{_scope!r} is not a scope of Tesla's.")
TESLA_REGIONS = environment.words("TESLA_REGIONS", "na eu")
_BASE_URLS = {
    "na": environment.url(
        "TESLA_FLEET_URL_NA", "https://fleet-api.prd.na.vn.cloud.tesla.com"
    ),
    "eu": environment.url(
        "TESLA_FLEET_URL_EU", "https://fleet-api.prd.eu.vn.cloud.tesla.com"
    ),
    "cn": environment.url(
        "TESLA_FLEET_URL_CN", "https://fleet-api.prd.cn.vn.cloud.tesla.cn"
    ),
}
if not TESLA_REGIONS or not set(TESLA_REGIONS) <= set(_BASE_URLS):
    environment.problem("TESLA_REGIONS", "must be some of: na, eu, cn.")
TESLA_HOSTS = Hosts(
    authorize_url=environment.url(
        "TESLA_AUTHORIZE_URL", "https://auth.tesla.com/oauth2/v3/authorize"
    ),
    token_url=environment.url(
        "TESLA_TOKEN_URL", "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token"
    ),
    jwks_url=environment.url(
        "TESLA_JWKS_URL", "https://auth.tesla.com/oauth2/v3/discovery/thirdparty/keys"
    ),
    issuers=tuple(
        environment.words(
            "TESLA_ISSUERS",
            "https://auth.tesla.com/oauth2/v3/nts"
            " https://fleet-auth.tesla.com/oauth2/v3/nts"
            " https://auth.tesla.com/oauth2/v3",
        )
    ),
    consent_url=environment.url(
        "TESLA_CONSENT_URL", "https://auth.tesla.com/user/revoke/consent"
    ),
    pairing_url=environment.url("TESLA_PAIRING_URL", "https://tesla.com/_ak"),
    base_urls={name: _BASE_URLS[name] for name in TESLA_REGIONS if name in _BASE_URLS},
)

# The gateway
TESLA_TIMEOUT_S = environment.number("TESLA_TIMEOUT_S", 30, least=1, most=120)
TOKEN_IN_QUERY = environment.flag("TOKEN_IN_QUERY", default=True)
VEHICLE_DATA_FRESH_S = environment.number(
    "VEHICLE_DATA_FRESH_S", 60, least=0, most=86_400
)
ENERGY_FRESH_S = environment.number("ENERGY_FRESH_S", 60, least=0, most=86_400)
READINGS_KEPT_DAYS = environment.number("READINGS_KEPT_DAYS", 30, least=1, most=3650)
# What may be called, and spent
API_CALLS_PER_MINUTE = environment.number(
    "API_CALLS_PER_MINUTE", 30, least=0, most=10_000_000
)
TESLA_CALLS_PER_MINUTE = {
    "data": environment.number("TESLA_DATA_PER_MINUTE", 60, least=0, most=10_000_000),
    "commands": environment.number(
        "TESLA_COMMANDS_PER_MINUTE", 30, least=0, most=10_000_000
    ),
    "wakes": environment.number("TESLA_WAKES_PER_MINUTE", 3, least=0, most=10_000_000),
}
# How long a command waits for a car that sleeps; 0 leaves it asleep.
COMMANDS_WAKE_WITHIN_S = environment.number(
    "COMMANDS_WAKE_WITHIN_S", 60, least=0, most=75
)
PRICES_USD = env.price_list(environment, "PRICES_USD", PRICE_USD)
MONTHLY_STOP_USD = env.dollars(environment, "MONTHLY_STOP_USD", "10")
MONTHLY_STOP_COMMANDS_USD = env.dollars(
    environment, "MONTHLY_STOP_COMMANDS_USD", str(MONTHLY_STOP_USD * 11 / 10)
)
USAGE_KEPT_DAYS = environment.number("USAGE_KEPT_DAYS", 400, least=40, most=3650)

# Subscriptions. Without a provider everything is included and nobody is asked.
BILLING_PROVIDER = environment.choice(
    "BILLING_PROVIDER", "none", ("none", "paddle", "stripe")
)
BILLING_POLICY = environment.choice(
    "BILLING_POLICY", "default", ("default", "per_product")
)
BILLING_GRACE_DAYS = environment.number("BILLING_GRACE_DAYS", 7, least=0, most=90)
BILLING_EVENTS_KEPT_DAYS = environment.number(
    "BILLING_EVENTS_KEPT_DAYS", 90, least=7, most=3650
)
PADDLE_API_KEY = environment.secret("PADDLE_API_KEY")
PADDLE_WEBHOOK_SECRETS = environment.secret("PADDLE_WEBHOOK_SECRETS").split()
PADDLE_CLIENT_TOKEN = environment.text("PADDLE_CLIENT_TOKEN")
PADDLE_API_URL = environment.url("PADDLE_API_URL", "https://api.paddle.com")
PADDLE_JS_URL = environment.url(
    "PADDLE_JS_URL", "https://cdn.paddle.com/paddle/v2/paddle.js"
)
PADDLE_PRICES = env.prices(environment, "PADDLE_PRICES")
if BILLING_PROVIDER == "paddle":
    for _name in ("API_KEY", "WEBHOOK_SECRETS", "CLIENT_TOKEN", "PRICES"):
        if not globals()[f"PADDLE_{_name}"]:
            environment.problem(f"PADDLE_{_name}", "is not set. Copy it from Paddle.")

# Stripe, too, where people still have subscriptions there.
STRIPE_API_KEY = environment.secret("STRIPE_API_KEY")
STRIPE_WEBHOOK_SECRETS = environment.secret("STRIPE_WEBHOOK_SECRETS").split()
STRIPE_API_URL = environment.url("STRIPE_API_URL", "https://api.stripe.com")
STRIPE_PRICES = env.prices(environment, "STRIPE_PRICES")
if BILLING_PROVIDER == "stripe" or (BILLING_PROVIDER != "none" and STRIPE_API_KEY):
    for _name in ("API_KEY", "WEBHOOK_SECRETS", "PRICES"):
        if not globals()[f"STRIPE_{_name}"]:
            environment.problem(f"STRIPE_{_name}", "is not set. Copy it from Stripe.")

# Background work. Rows are the truth; Celery only rings (ARCHITECTURE §3).
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host=", 1
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A Redis that is full refuses even that a task is done; the worker is to outlive it.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
# A page that starts work must not hang when Redis is away: one short try.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    # A page that rings waits no longer than this for a Redis that hangs.
    "socket_timeout": 3,
}
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "console.tasks.beat", "schedule": schedule(10)},
    "refresh-grants": {"task": "tokens.tasks.refresh_due", "schedule": schedule(30)},
    "sweep-vehicle-inquiries": {
        "task": "vehicles.tasks.sweep",
        "schedule": schedule(10),
    },
    "sweep-leaving": {"task": "console.tasks.sweep", "schedule": schedule(10)},
    "tidy-leaving": {"task": "console.tasks.tidy", "schedule": schedule(600)},
    "sweep-energy-inquiries": {"task": "energy.tasks.sweep", "schedule": schedule(10)},
    "sync-vehicles": {"task": "vehicles.tasks.sync_due", "schedule": schedule(60)},
    "sync-energy": {"task": "energy.tasks.sync_due", "schedule": schedule(60)},
    # A site is asked once a minute; it is looked oftener whether somebody has come.
    "poll-energy": {"task": "energy.tasks.poll_due", "schedule": schedule(10)},
    "tell-credits": {"task": "tokens.tasks.tell_credits", "schedule": schedule(10)},
    "tidy-accounts": {"task": "accounts.tasks.tidy", "schedule": schedule(3600)},
    "sweep-billing": {"task": "billing.tasks.sweep", "schedule": schedule(10)},
    "reconcile-billing": {
        "task": "billing.tasks.reconcile",
        "schedule": crontab(hour="3", minute="17"),
    },
    "forget-old-inquiries": {
        "task": "tokens.tasks.forget_old_inquiries",
        "schedule": schedule(3600),
    },
    "forget-old-events": {
        "task": "tokens.tasks.forget_old_events",
        "schedule": schedule(3600),
    },
    "forget-old-commands": {
        "task": "vehicles.tasks.forget_old_commands",
        "schedule": schedule(3600),
    },
    "sweep-telemetry": {"task": "telemetry.tasks.sweep", "schedule": schedule(10)},
    "look-at-certificates": {
        "task": "telemetry.tasks.look_at_certificates",
        "schedule": schedule(3600),
    },
    "forget-expired-tokens": {
        "task": "tokens.tasks.forget_expired_tokens",
        "schedule": schedule(600),
    },
    "forget-old-usage": {
        "task": "tokens.tasks.forget_old_usage",
        "schedule": schedule(3600),
    },
}
# What to read at Tesla as soon as an account is linked; each task takes the grant's id.
AFTER_LINK_TASKS = ["vehicles.tasks.sync", "energy.tasks.sync"]
CELERY_REDBEAT_REDIS_URL = REDIS_URL
# A clock that waits for another's end looks this often; it takes over within both.
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_REDBEAT_LOCK_TIMEOUT = 20

# Live: telemetry, streams, webhooks
# So long a program that changes what a car streams waits for Tesla's answer.
TELEMETRY_ANSWER_WITHIN_S = environment.number(
    "TELEMETRY_ANSWER_WITHIN_S", 3, least=0, most=30
)
TELEMETRY_SOURCE = environment.choice(
    "TELEMETRY_SOURCE", "receiver", ("receiver", "fleet-telemetry")
)
TELEMETRY_HOSTNAME = environment.text(
    "TELEMETRY_HOSTNAME", _public.hostname or "localhost"
).lower()
TELEMETRY_PORT = environment.number("TELEMETRY_PORT", 443, least=1, most=65535)
TELEMETRY_LISTEN = env.address(environment, "TELEMETRY_LISTEN", "0.0.0.0:4443")
TELEMETRY_CLIENT_CA_FILE = environment.text("TELEMETRY_CLIENT_CA_FILE")
TELEMETRY_CERTIFICATE_FILE = environment.text("TELEMETRY_CERTIFICATE_FILE")
TELEMETRY_CERTIFICATE_KEY_FILE = environment.text("TELEMETRY_CERTIFICATE_KEY_FILE")
TELEMETRY_CA_FILE = environment.text("TELEMETRY_CA_FILE")
_files = (TELEMETRY_CERTIFICATE_FILE, TELEMETRY_CERTIFICATE_KEY_FILE, TELEMETRY_CA_FILE)
if any(_files) and not all(_files):
    environment.problem(
        "TELEMETRY_CERTIFICATE_FILE",
        "needs TELEMETRY_CERTIFICATE_KEY_FILE and TELEMETRY_CA_FILE beside it.",
    )
if TELEMETRY_SOURCE == "fleet-telemetry" and not any(_files):
    # Tesla's server shows a public certificate; cars that were told to trust our own
    # authority would refuse it.
    environment.problem(
        "TELEMETRY_CERTIFICATE_FILE",
        "is not set. TELEMETRY_SOURCE=fleet-telemetry needs the public certificate that"
        " Tesla's server shows, its key, and TELEMETRY_CA_FILE, which cars are to trust.",
    )
TELEMETRY_CONNECTIONS = environment.number(
    "TELEMETRY_CONNECTIONS", 20_000, least=1, most=1_000_000
)
TELEMETRY_CONNECTIONS_PER_ADDRESS = environment.number(
    "TELEMETRY_CONNECTIONS_PER_ADDRESS", 1000, least=1, most=1_000_000
)
TELEMETRY_REDIS_URL = environment.secret("TELEMETRY_REDIS_URL", REDIS_URL)
TELEMETRY_NAMESPACE = environment.text("TELEMETRY_NAMESPACE", "tesla_telemetry")
# About how many events each of the 16 streams in Redis keeps, for a day at most.
EVENTS_KEPT = environment.number("EVENTS_KEPT", 10_000, least=1000, most=10_000_000)
# In one web process.
STREAMS_PER_ACCOUNT = environment.number(
    "STREAMS_PER_ACCOUNT", 50, least=1, most=100_000
)
# Networks (CIDR) into which webhooks may be sent, in plain HTTP too.
WEBHOOKS_PRIVATE_NETWORKS = env.networks(environment, "WEBHOOKS_PRIVATE_NETWORKS")
WEBHOOKS_KEPT_DAYS = environment.number("WEBHOOKS_KEPT_DAYS", 14, least=4, most=365)
WEBHOOKS_DATA_MINUTES = environment.number(
    "WEBHOOKS_DATA_MINUTES", 15, least=1, most=1440
)

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Words, times
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = environment.text("TIME_ZONE", "UTC")

# Logs: JSON lines on standard error, secrets removed
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "console.logs.JSONFormatter"}},
    "filters": {"not our fault": {"()": "console.logs.NotOurFault"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {
        "handlers": ["stderr"],
        "level": environment.choice(
            "LOG_LEVEL", "info", ("debug", "info", "warning", "error")
        ).upper(),
    },
    "loggers": {
        "django.security.DisallowedHost": {"filters": ["not our fault"]},
        # These two write whole addresses, query and all.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

environment.check()
