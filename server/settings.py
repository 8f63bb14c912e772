"""Django's settings, all of them derived from server.options. Importing this creates nothing.

`JAGALCHI` holds the options themselves; code that needs the state directory, the journal or the
demo flag reads `settings.JAGALCHI.home`, `.journal`, `.demo`.
"""

from __future__ import annotations

import os

from server import options

JAGALCHI = options.load(os.environ)

DEBUG = False
ALLOWED_HOSTS = list(JAGALCHI.allowed_hosts)
# Made by the first `jagalchi-server run`; empty before that, and Django refuses to use it empty.
SECRET_FILE = JAGALCHI.home / "keys" / "secret"
SECRET_KEY = SECRET_FILE.read_text("ascii", "replace") if os.access(SECRET_FILE, os.R_OK) else ""

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "server.ledger",
    "server.devices",
    "server.accounts",
    "server.messages",
    "server.pilots",
    "server.coldchain",
    "server.web",
]
MIDDLEWARE = [
    "server.middleware.Guard",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "server.urls"
WSGI_APPLICATION = "server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
            ]
        },
    }
]

DATABASES = {"default": JAGALCHI.database()}
SESSION_ENGINE = "server.accounts.sessions"
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["server.accounts.signin.Backend"]
PASSWORD_HASHERS = ["server.accounts.passwords.Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in"
CSRF_FAILURE_VIEW = "server.accounts.refusals.forged"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What a pilot asks of a service when somebody leaves (server/pilots/ports.py): dotted paths.
PILOT_PORTS: dict[str, str] = {}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ko", "한국어")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"
STATIC_URL = "/static/"

MAX_BODY_BYTES = 1 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
APPEND_SLASH = False

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if JAGALCHI.https else 0
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = JAGALCHI.https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Strict"
LANGUAGE_COOKIE_HTTPONLY = True
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "server": {"level": "INFO"},
        # Not one line for each stranger who asks for a page that is not there.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
    },
}
