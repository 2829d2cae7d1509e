"""Every setting of the monolith, each from the environment with a default that works on one machine.

`.env.example` lists the variables in an operator's words; `config/checks.py` says at start what is misset.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from config import environment as env
from config.environment import PROJECT
from config.ticks import beat_schedule

STATE_DIR = Path(env.text("MILEPOST_STATE_DIR", str(PROJECT / "var")))
env.load_env_file(Path(env.text("MILEPOST_ENV_FILE", str(STATE_DIR / "milepost.env"))))

# --- Who we are -------------------------------------------------------------------------------------------
DEBUG = env.flag("MILEPOST_DEBUG")
UNSAFE_SECRET_KEY = "unsafe-until-the-first-run-writes-one"  # noqa: S105  a marker that the checks warn of and the edge refuses
SECRET_KEY = env.text("MILEPOST_SECRET_KEY", UNSAFE_SECRET_KEY)
KEY_SIGNING_SECRETS = [s.encode() for s in env.words("MILEPOST_KEY_SIGNING_SECRETS", UNSAFE_SECRET_KEY)]
BASE_URL = env.text("MILEPOST_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words(
    "MILEPOST_ALLOWED_HOSTS", f"{urlsplit(BASE_URL).hostname},localhost,127.0.0.1,[::1]"
)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

INSTALLED_APPS = [
    "tracker",
    "dispatch",
    "billing",
    "config.apps.ConfigConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "channels",
]
MIDDLEWARE = [
    "tracker.http.correlation.CorrelationMiddleware",
    "tracker.requestlog.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tracker.http.security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracker.http.console.current_environment",
            ]
        },
    }
]

# GDAL is linked by GeoDjango but never opens anything a customer sent: shapely reads their geometry
SILENCED_SYSTEM_CHECKS = [
    "gis.W001",
    "security.W008",  # the front door redirects to https; here it would break health checks
    # an installation is one host of somebody's domain: it must not promise for the domain's other hosts
    "security.W005",
    "security.W021",
]

# --- Database: one role per trust. The app's role owns nothing, so row-level security binds it ------------
DATABASES = {
    "default": {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        **env.database(env.text("MILEPOST_DATABASE_URL", "postgresql:///milepost")),
        "ATOMIC_REQUESTS": True,  # the scope of a request is SET LOCAL: it ends with its transaction
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {
                "min_size": 1,
                "max_size": env.integer("MILEPOST_DATABASE_POOL", 8, at_least=1),
                "timeout": 10,
            },
            "connect_timeout": 5,
        },
        "TEST": {"TEMPLATE": "template1"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: stream, fan-out and health on one URL; broker and cache beside it ------------------------------
REDIS_URL = env.text("MILEPOST_REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("MILEPOST_CACHE_URL", REDIS_URL),
    }
}
CELERY_BROKER_URL = env.text("MILEPOST_CELERY_URL", REDIS_URL)
STREAM_LANES = env.integer("MILEPOST_STREAM_LANES", 4, at_least=1)
EDGE_FEED_URL = env.text("MILEPOST_EDGE_FEED_URL")  # s3://bucket/key for doors that reach no Redis

# --- Certificates of devices: our own authority, and the broker that trusts it -------------------------------
CA_CERT = Path(env.text("MILEPOST_CA_CERT", str(STATE_DIR / "ca" / "ca.pem")))
CA_KEY = Path(env.text("MILEPOST_CA_KEY", str(STATE_DIR / "ca" / "ca.key")))
BROKER_DIR = Path(env.text("MILEPOST_BROKER_DIR", str(STATE_DIR / "broker")))
CERTIFICATE_LASTS = timedelta(days=env.integer("MILEPOST_CERTIFICATE_DAYS", 365, at_least=1))
MQTT_PUBLIC_HOST = env.text("MILEPOST_MQTT_PUBLIC_HOST", urlsplit(BASE_URL).hostname or "localhost")
MQTT_TLS_PORT = env.integer("MILEPOST_MQTT_TLS_PORT", 8883, at_least=1)

# --- People: sign-up and sign-in by e-mail -----------------------------------------------------------------
AUTH_USER_MODEL = "tracker.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.text("MILEPOST_EMAIL_VERIFICATION", "optional")
ACCOUNT_ADAPTER = "tracker.tenants.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "tracker.tenants.accounts.SignupForm"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_RATE_LIMITS = {
    "signup": env.text("MILEPOST_SIGNUP_RATE", "30/m/ip"),
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "invite": env.text(
        "MILEPOST_INVITATION_RATE", "30/h/key"
    ),  # of an organisation: each is a mail to a stranger
}
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # of the session in hand; the others end by Django's own rule
MFA_ADAPTER = "tracker.tenants.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a code of the half minute before or after: phones' clocks differ
# the front door sets X-Forwarded-For to the one address it saw; a unix socket has no address of its own
ALLAUTH_TRUSTED_PROXY_COUNT = 1
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
CONSOLE_AFTER_SIGNUP = "console_quickstart"

# --- Mail: to files until an SMTP address is given ---------------------------------------------------------
_smtp = urlsplit(env.text("MILEPOST_EMAIL_URL"))
if _smtp.hostname:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _smtp.hostname, _smtp.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _smtp.username or "", _smtp.password or ""
    EMAIL_USE_TLS = _smtp.scheme == "smtp+tls"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = env.text("MILEPOST_MAIL_DIR", str(STATE_DIR / "mail"))
EMAIL_TIMEOUT = 20  # seconds for each step: a mail server that says nothing must not hold up everything
DEFAULT_FROM_EMAIL = env.text("MILEPOST_FROM_EMAIL", "Milepost <no-reply@milepost.invalid>")

# --- Sessions, cookies, transport --------------------------------------------------------------------------
_https = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "milepost_session", "milepost_csrf"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_SSL_REDIRECT = False  # the front door does this; here it would break health checks
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- API ---------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tracker.keys.authentication.SecretKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tracker.http.permissions.HasEnvironment"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tracker.http.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tracker.http.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Milepost API",
    "DESCRIPTION": "Live location for anything that moves. Authenticate with a secret key: "
    "`Authorization: Bearer sk_...`, or Basic with the key as user name.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    "PATH_CONVERTER_OVERRIDES": {
        "device_reference": {"type": "string"},
        "fleet_reference": {"type": "string"},
    },
    "POSTPROCESSING_HOOKS": ["tracker.http.schema.complete"],
    "TAGS": [
        {"name": "Ingest", "description": "For devices: say where they are."},
        {"name": "Devices", "description": "Who reports, and where each one last was."},
        {"name": "Certificates", "description": "With one a device reports over MQTT, as itself alone."},
        {"name": "Positions", "description": "Where a device was."},
        {"name": "Geofences", "description": "Areas, drawn or uploaded, published in versions."},
        {
            "name": "Trips",
            "description": "To a destination: when it arrives, whether it is late, and links to follow it.",
        },
        {"name": "Dispatch", "description": "The day's figures, and how dispatch works."},
        {"name": "Shipments", "description": "Announced, told what happens to them, and proven."},
        {"name": "Planning", "description": "When hubs are planned, and what each plan came to."},
        {
            "name": "Manifests",
            "description": "What drivers are given: released, versioned, acknowledged, stop by stop done.",
        },
        {
            "name": "Exceptions",
            "description": "What did not go as planned, followed to its end; and who was told what.",
        },
        {
            "name": "Overrides",
            "description": "What supervisors changed of plans, and what is learnt from it.",
        },
        {"name": "Usage", "description": "What was used, by meter and day."},
        {"name": "Alerts", "description": "What somebody should look at, and who must be where by when."},
        {"name": "Fleet", "description": "Hubs, drivers and their hours, vehicles, and what changes hands."},
        {"name": "Webhooks", "description": "Be told what happens, or ask."},
        {"name": "Outcomes", "description": "What became of every report, and why some were not kept."},
        {"name": "Environment", "description": "Whose data a key opens."},
    ],
}
HEALTH_COMPONENTS = env.words(
    "MILEPOST_HEALTH_COMPONENTS",
    "database,redis,edge,registrations,consumer,bridge,live,worker,beat,relay,planner",
)

# --- Archive: every complete day as Parquet, in a folder or a bucket ----------------------------------------
ARCHIVE = env.flag("MILEPOST_ARCHIVE", True)
ARCHIVE_URL = env.text("MILEPOST_ARCHIVE_URL")
ARCHIVE_DIR = Path(env.text("MILEPOST_ARCHIVE_DIR", str(STATE_DIR / "archive")))
ARCHIVE_DELAY_HOURS = env.integer("MILEPOST_ARCHIVE_DELAY_HOURS", 2)

# --- Billing: who chose no plan, in which currency, and how long a month waits for late data ---------------
DEFAULT_PLAN = env.text("MILEPOST_DEFAULT_PLAN", "free")  # "none": no limits, nothing charged
BILLING_CURRENCY = env.text("MILEPOST_BILLING_CURRENCY", "EUR")
BILLING_GRACE_HOURS = env.integer("MILEPOST_BILLING_GRACE_HOURS", 6)
INVOICE_FONT = env.text("MILEPOST_INVOICE_FONT")  # a TrueType file for names beyond Western European letters

# --- Webhooks: where they may go --------------------------------------------------------------------------
WEBHOOKS_ALLOW_PRIVATE = env.flag("MILEPOST_WEBHOOKS_ALLOW_PRIVATE")  # also lets http:// in; development only

# --- Messages to customers: mail as above; text messages and pushes over gateways, or into files without one --------
SMS_URL = env.text("MILEPOST_SMS_URL")
SMS_TOKEN = env.text("MILEPOST_SMS_TOKEN")
PUSH_URL = env.text("MILEPOST_PUSH_URL")
PUSH_TOKEN = env.text("MILEPOST_PUSH_TOKEN")
GATEWAYS_ALLOW_PRIVATE = env.flag(
    "MILEPOST_GATEWAYS_ALLOW_PRIVATE"
)  # a gateway in the operator's own network
MESSAGES_DIR = Path(env.text("MILEPOST_MESSAGES_DIR", str(STATE_DIR / "messages")))

# --- Trips: a router that says how long a way takes; without one, straight line and learned pace ------------
OSRM_URL = env.text("MILEPOST_OSRM_URL").rstrip("/")
VALHALLA_URL = env.text("MILEPOST_VALHALLA_URL").rstrip("/")  # plans take it before the other

# --- Manifests: the broker that keeps them for devices ------------------------------------------------------
MANIFEST_BROKER = env.text("MILEPOST_MANIFEST_BROKER", "mqtt")  # or iot (AWS IoT Core), or none
MQTT_HOST = env.text("MILEPOST_MQTT_HOST", "127.0.0.1")
MQTT_PORT = env.integer("MILEPOST_MQTT_PORT", 1883, at_least=1)
MQTT_USERNAME = env.text("MILEPOST_MQTT_USERNAME")
MQTT_PASSWORD = env.text("MILEPOST_MQTT_PASSWORD")
IOT_DATA_URL = env.text("MILEPOST_IOT_DATA_URL")  # https://….iot.….amazonaws.com, the account's data endpoint

# --- Addresses: who is asked for their places, besides the customer's own gazetteer ------------------------
GEOCODER = env.text("MILEPOST_GEOCODER")  # nominatim or google; none: nobody
GEOCODER_URL = env.text("MILEPOST_GEOCODER_URL")
GEOCODER_KEY = env.text("MILEPOST_GEOCODER_KEY")
GEOCODER_CONTACT = env.text("MILEPOST_GEOCODER_CONTACT")
GEOCODER_COUNTRIES = [code.lower() for code in env.words("MILEPOST_GEOCODER_COUNTRIES")]
GEOCODER_PER_S = env.integer("MILEPOST_GEOCODER_PER_S", 1, at_least=1)
GEOCODER_CONFIDENCE = env.integer("MILEPOST_GEOCODER_CONFIDENCE", 60) / 100  # below it a person must look
GEOCODER_ALLOW_PRIVATE = env.flag("MILEPOST_GEOCODER_ALLOW_PRIVATE")  # a server of the operator's own network

# --- Payments: Stripe, with these; without the key there are invoices and no payments ---------------------------
STRIPE_SECRET_KEY = env.text("MILEPOST_STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.text("MILEPOST_STRIPE_WEBHOOK_SECRET")  # of whole events
STRIPE_EVENTS_SECRET = env.text("MILEPOST_STRIPE_EVENTS_SECRET")  # of thin events: faults of meters
STRIPE_API_BASE = env.text("MILEPOST_STRIPE_API_BASE").rstrip("/")  # another server that speaks Stripe's API
STRIPE_TAXES = env.flag("MILEPOST_STRIPE_TAXES")
# where forms of ours may lead besides this site: the pages on which customers pay
PAYMENT_PAGES = (
    [STRIPE_API_BASE or "https://checkout.stripe.com", "https://billing.stripe.com"]
    if STRIPE_SECRET_KEY
    else []
)

# --- Map ---------------------------------------------------------------------------------------------------
MAP_STYLE_URL = env.text("MILEPOST_MAP_STYLE_URL")
MAP_PMTILES = env.text("MILEPOST_MAP_PMTILES")

# --- Static files: ours, and what npm brought at set-up ----------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
VENDOR_DIR = STATE_DIR / "vendor"
STATICFILES_DIRS = [PROJECT / "static"] + ([("vendor", VENDOR_DIR)] if VENDOR_DIR.is_dir() else [])

# --- Time and words ----------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"

# --- Work in the background: few fixed ticks; due times live in PostgreSQL ---------------------------------
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = beat_schedule()

# --- Logs: one JSON object a line --------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"correlation": {"()": "tracker.http.correlation.CorrelationFilter"}},
    "formatters": {"json": {"()": "tracker.http.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["correlation"]},
    },
    "root": {"handlers": ["stderr"], "level": env.text("MILEPOST_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # its debug lines hold what is sent
        # a line for each tick that came and one for each that went well, every second or so; failures stay
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
