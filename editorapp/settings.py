"""Settings. Everything that differs between installations comes from the environment; every default
runs on one machine with nothing else installed. In parentheses: what holds where a variable is
missing.

RUSHES_DATA_DIR         all state: database, media, secret, simulator (./data)
RUSHES_MEDIA_DIR        clips and results, where they lie elsewhere; several machines may share a
                        network folder (media in the data folder)
DATABASE_URL            postgresql://user:password@host:5432/name, or sqlite:///file
                        (a SQLite file in the data folder)
REDIS_URL               redis://host:6379/0: the queue and the cache; one installation for each
                        database number (the queue waits in the database)
RUSHES_PORT             port of the web server, part of the cookies' names (8000)
RUSHES_SECRET_KEY       signing key (made once and kept in the data folder)
RUSHES_ENCRYPTION_KEYS  comma separated secrets that stored provider keys are encrypted with: the
                        first encrypts, all decrypt (derived from the signing key)
RUSHES_ALLOWED_HOSTS    comma separated (localhost only)
RUSHES_ORIGINS          comma separated https://... origins behind a proxy
RUSHES_DEBUG            1 shows tracebacks in the browser (0)
RUSHES_WORKERS          queue workers (6)
RUSHES_MAX_UPLOAD_MB    largest file taken (200)
RUSHES_MAX_MINUTES      longest clip taken (10)
RUSHES_S3_BUCKET        a bucket for all media, with the usual AWS_... variables for its key
                        (the data folder)
RUSHES_S3_ENDPOINT      address of a storage that is not Amazon's; RUSHES_S3_REGION,
                        RUSHES_S3_PREFIX as it needs
RUSHES_CACHE_GB         how much of a bucket is kept on this machine as copies; of stills a twentieth (20)
RUSHES_OIDC_ISSUER      address of an OpenID provider that signs people in, with RUSHES_OIDC_CLIENT_ID,
                        RUSHES_OIDC_CLIENT_SECRET, and RUSHES_OIDC_NAME for the button (none; needs
                        the extra `oidc`)
RUSHES_SIMULATOR_URL    where the simulator answers (read from the data folder)
RUSHES_LOG_LEVEL        DEBUG also writes what providers say of a refusal, which may repeat the
                        prompt (INFO)
RUSHES_LOG_FORMAT       text, or json: one object a line (text)
RUSHES_SLOW_SECONDS     a request that takes longer gets a line (2)
RUSHES_METRICS_TOKEN    lets Prometheus read /metrics as a Bearer token (only this machine may)

Telling people. Without these nobody is told; alerts are still shown on the status page.

RUSHES_EMAIL_URL        the mail server: smtp://user:password@host:587 (STARTTLS; ?tls=no without)
                        or smtps://...:465
RUSHES_EMAIL_FROM       the sender (rushes@ the host's name)
RUSHES_ALERT_EMAIL      comma separated addresses told of every alert, beside the admins who have
                        an address
RUSHES_WEBHOOK_HOSTS    comma separated host[:port] on the own network that teams may post to:
                        without it, only https on the public network
RUSHES_ALERT_WEBHOOK    an address that alerts are posted to as JSON
RUSHES_ALERT_WEBHOOK_SECRET  signs those posts: X-Rushes-Signature: t=<unix>,v1=<HMAC-SHA256 of
                        "<t>.<body>">

Signing what leaves (C2PA), where the extra `c2pa` is installed. Without a certificate one is made in the
data folder, which says that it is not to be trusted.

RUSHES_C2PA_CERTIFICATE the chain of certificates, as PEM, its own first: a path
RUSHES_C2PA_KEY         the key of that certificate, as PEM: a path
RUSHES_C2PA_ALGORITHM   how it signs: es256, es384, es512, ps256, ps384, ps512, ed25519 (es256)
RUSHES_C2PA_TIMESTAMPS  address of a time stamp authority, which is asked at each signature (none)

Accounts with providers. Without any key, here or entered by an admin, every account points at the
simulator. Each provider's SPEC names its variables; the README lists them all.

LUMA_AGENTS_API_KEY     a key of Luma Agents; LUMA_AGENTS_BASE_URL another address
GMI_API_KEY             a key of GMI Cloud; GMI_BASE_URL another address, GMI_ORG_ID the
                        organisation
SCENARIO_SDK_API_KEY    a key of Scenario, with SCENARIO_SDK_API_SECRET; SCENARIO_BASE_URL another
                        address, SCENARIO_PROJECT_ID the project, SCENARIO_CU_PRICE_USD the dollars
                        of one compute unit
"""

import hashlib
import os
import secrets
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from editorapp.core import services
from editorapp.core.logs import secrets as secrets_in_logs
from editorapp.core.smtp_url import mail_settings

PACKAGE_DIR = Path(__file__).resolve().parent
BASE_DIR = PACKAGE_DIR.parent
# A wheel holds templates and static files in the package; a checkout has them beside it.
IS_INSTALLED = (PACKAGE_DIR / "templates").is_dir()
SHIPPED_DIR = PACKAGE_DIR if IS_INSTALLED else BASE_DIR
_beside = Path.cwd() if IS_INSTALLED else BASE_DIR
DATA_DIR = Path(os.environ.get("RUSHES_DATA_DIR") or _beside / "data").resolve()
# Our child processes start in another folder.
os.environ.setdefault("RUSHES_DATA_DIR", str(DATA_DIR))
MEDIA_ROOT = Path(os.environ.get("RUSHES_MEDIA_DIR") or DATA_DIR / "media").resolve()
RUN_DIR = DATA_DIR / "run"
for _folder in (DATA_DIR, MEDIA_ROOT, RUN_DIR):
    _folder.mkdir(parents=True, exist_ok=True)


def _words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def _secret() -> str:
    """Read the signing key, or make one that only this user can read."""
    given = os.environ.get("RUSHES_SECRET_KEY")
    if given:
        return given
    kept = DATA_DIR / "secret.key"
    try:
        # O_EXCL: of several processes that start at once, one writes and the others read.
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    for _attempt in range(50):
        if key := kept.read_text():
            return key
    raise RuntimeError(f"{kept} is empty: delete it and start again.")


SECRET_KEY = _secret()
ENCRYPTION_KEYS = tuple(_words("RUSHES_ENCRYPTION_KEYS"))
DEBUG = os.environ.get("RUSHES_DEBUG", "").lower() in {"1", "true", "yes", "on"}
PORT = int(os.environ.get("RUSHES_PORT", "8000"))
ALLOWED_HOSTS = _words("RUSHES_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _words("RUSHES_ORIGINS")
IS_HTTPS = bool(CSRF_TRUSTED_ORIGINS) and all(
    one.startswith("https://") for one in CSRF_TRUSTED_ORIGINS
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CSRF_TRUSTED_ORIGINS else None
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if IS_HTTPS else 0
# What else lies below this host's name, and whether browsers are to be shipped with it, only its
# owner can say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "editorapp.teams",
    "editorapp.alerts",
    "editorapp.inbox",
    "editorapp.media",
    "editorapp.providers",
    "editorapp.costs",
    "editorapp.generations",
    "editorapp.reuse",
    "editorapp.review",
    "editorapp.library",
    "editorapp.exports",
    "editorapp.ops",
    "editorapp.web",
    "editorapp.cli",
    "editorapp.simulator",
]

MIDDLEWARE = [
    "editorapp.core.middleware.RequestId",
    "editorapp.core.middleware.Headers",
    "editorapp.core.middleware.Compression",
    "editorapp.ops.probes.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "editorapp.teams.middleware.Membership",
    "editorapp.teams.audit_origin.AuditOrigin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "editorapp.core.readable.ReadableRequest",
]

ROOT_URLCONF = "editorapp.urls"
WSGI_APPLICATION = "editorapp.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SHIPPED_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "editorapp.web.shell.context.shell",
            ],
            "builtins": [
                "editorapp.web.templatetags.addresses",
                "editorapp.web.templatetags.static_files",
            ],
        },
    }
]

DATABASES = {"default": services.database(os.environ.get("DATABASE_URL", ""), folder=DATA_DIR)}
REDIS_URL = services.redis(os.environ.get("REDIS_URL", ""))
CACHES = services.caches(REDIS_URL)
# May several machines share this installation? Then nothing may be held by a file of this one.
IS_SHARED = DATABASES["default"]["ENGINE"] != services.SQLITE
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["editorapp.teams.backends.TeamBackend"]
LOGIN_URL = "people:sign_in"
LOGOUT_REDIRECT_URL = "people:sign_in"
_validation = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_validation}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_validation}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_validation}.CommonPasswordValidator"},
]

# Browsers share cookies between ports of one host: two instances side by side need names of their
# own. The hosts of one installation, which share a signing key and a database, need the same.
_ours = f"{SECRET_KEY}:{DATABASES['default']['NAME']}" if IS_SHARED else f"{DATA_DIR}:{PORT}"
_instance = hashlib.sha256(_ours.encode()).hexdigest()[:8]
# Under this prefix a browser takes them from this host over https only: no neighbour below the same
# domain sets one.
_prefix = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}rushes_session_{_instance}"
CSRF_COOKIE_NAME = f"{_prefix}rushes_csrf_{_instance}"
KNOWN_BROWSER_COOKIE_NAME = f"{_prefix}rushes_known_{_instance}"
SESSION_ENGINE = "editorapp.core.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_CSP = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "media-src": ["'self'", "blob:"],
    "connect-src": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

# Nothing here needs any of it, nor does anything that could be brought into a page.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)

CSRF_FAILURE_VIEW = "editorapp.web.shell.views.not_signed_by_us"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [SHIPPED_DIR / "static"]
STATICFILES_FINDERS = [
    "editorapp.web.bundles.BundleFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Media in S3-compatible storage, which any number of machines share; without a bucket, in the data
# folder.
S3_BUCKET = os.environ.get("RUSHES_S3_BUCKET", "")
CACHE_BYTES = int(float(os.environ.get("RUSHES_CACHE_GB", "20")) * 1_000_000_000)
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "editorapp.media.backends.s3.MediaStorage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": os.environ.get("RUSHES_S3_ENDPOINT") or None,
            "region_name": os.environ.get("RUSHES_S3_REGION") or None,
            "location": os.environ.get("RUSHES_S3_PREFIX", ""),
        },
    }

# Django gives what it stores modes of its own, whatever the process's mask: see
# core/private_files.py.
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
FILE_UPLOAD_TEMP_DIR = RUN_DIR
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
MAX_UPLOAD_BYTES = int(os.environ.get("RUSHES_MAX_UPLOAD_MB", "200")) * 1_000_000
MAX_SOURCE_SECONDS = int(os.environ.get("RUSHES_MAX_MINUTES", "10")) * 60

# Where people reach this studio from outside, for the links in messages.
PUBLIC_URL = (
    CSRF_TRUSTED_ORIGINS[0].rstrip("/") if CSRF_TRUSTED_ORIGINS else f"http://localhost:{PORT}"
)
_mail = mail_settings(os.environ.get("RUSHES_EMAIL_URL", ""))
EMAIL_IS_SET = bool(_mail)
globals().update(_mail)
EMAIL_TIMEOUT = 15
EMAIL_FROM = os.environ.get("RUSHES_EMAIL_FROM") or f"rushes@{urlsplit(PUBLIC_URL).hostname}"
ALERT_EMAIL = _words("RUSHES_ALERT_EMAIL")
METRICS_TOKEN = os.environ.get("RUSHES_METRICS_TOKEN", "")
ALERT_WEBHOOK = os.environ.get("RUSHES_ALERT_WEBHOOK", "")
WEBHOOK_HOSTS = frozenset(_words("RUSHES_WEBHOOK_HOSTS"))
ALERT_WEBHOOK_SECRET = os.environ.get("RUSHES_ALERT_WEBHOOK_SECRET", "")

# Single sign-on: the provider's address, which says where its documents are (OpenID Connect Discovery).
OIDC_ISSUER = os.environ.get("RUSHES_OIDC_ISSUER", "")
OIDC_CLIENT_ID = os.environ.get("RUSHES_OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = os.environ.get("RUSHES_OIDC_CLIENT_SECRET", "")
OIDC_NAME = os.environ.get("RUSHES_OIDC_NAME") or "single sign-on"
if OIDC_ISSUER and find_spec("authlib") is None:
    raise ImproperlyConfigured("RUSHES_OIDC_ISSUER is set: install Rushes with its extra `oidc`.")

C2PA_CERTIFICATE = os.environ.get("RUSHES_C2PA_CERTIFICATE", "")
C2PA_KEY = os.environ.get("RUSHES_C2PA_KEY", "")
C2PA_ALGORITHM = os.environ.get("RUSHES_C2PA_ALGORITHM", "es256")
C2PA_TIMESTAMP_URL = os.environ.get("RUSHES_C2PA_TIMESTAMPS", "")

SIMULATOR_URL = os.environ.get("RUSHES_SIMULATOR_URL", "")
# Keys and addresses of the providers, by the names that each provider's SPEC asks for.
ENVIRONMENT = os.environ.copy()

# The queue is a wake-up call; the attempt's row is the truth (see editorapp/generations).
Q_CLUSTER = {
    "name": "rushes",
    **services.broker(REDIS_URL),
    "workers": int(os.environ.get("RUSHES_WORKERS", "6")),
    "queue_limit": 1,  # no prefetch: the retry clock starts when a task is fetched
    "timeout": 600,
    "retry": 1500,  # more than the timeout and the longest wait together
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,  # successes are not kept; failures always are
    "catch_up": False,
    "guard_cycle": 1,  # seconds between two looks at the workers
    "scheduler": False,  # the ticker calls it: the built-in one looks only every 30 s
}

# A person's terminal wants text; a server's log collector wants a JSON object in each line.
LOG_FORMAT = os.environ.get("RUSHES_LOG_FORMAT", "text")
SLOW_REQUEST_SECONDS = float(os.environ.get("RUSHES_SLOW_SECONDS", "2"))
secrets_in_logs.hide(SECRET_KEY)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "editorapp.core.logs.LogFormatter", "kind": LOG_FORMAT}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("RUSHES_LOG_LEVEL", "INFO")},
    "loggers": {
        "django-q": {"level": "WARNING"},  # it notes every wake-up at INFO, several a second
        # httpx logs whole URLs at INFO; presigned ones are secrets.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # At DEBUG they write every header, signatures among them.
        **{name: {"level": "INFO"} for name in ("botocore", "boto3", "s3transfer", "urllib3")},
        # At DEBUG it writes every query with its values: presigned links, prompts, hashes of
        # passwords.
        "django.db.backends": {"level": "INFO"},
    },
}
