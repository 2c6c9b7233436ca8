"""The tables, as SQLAlchemy Core sees them; the migrations make them. Moments are text (`service.clock`).

What says something about a client is sealed (`service.vault`); what is readable cannot be searched for a trait.
"""

import sqlalchemy as sa

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # sorted by code point in both
META = sa.MetaData()


def _text(
    name: str, *more: sa.ForeignKey, null: bool = False, key: bool = False, unique: bool = False
) -> "sa.Column[str]":
    return sa.Column(name, _TEXT, *more, nullable=null, primary_key=key, unique=unique or None)


def _sealed(name: str, null: bool = False) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary(), nullable=null)


INSTALLATION = sa.Table("installation", META, _text("name", key=True), _text("value"))

UNIT = sa.Table("unit", META, _text("id", key=True), _text("created_at"))

ACCOUNT = sa.Table(
    "account",
    META,
    _text("id", key=True),
    _text("kind"),  # person or machine
    _text("role"),
    _text("unit_id", sa.ForeignKey("unit.id"), null=True),
    _text("issuer", null=True),
    _text("subject", null=True),
    _text("label"),
    _text("created_at"),
    _text("closed_at", null=True),
    sa.UniqueConstraint("issuer", "subject"),
)

API_KEY = sa.Table(
    "api_key",
    META,
    _text("id", key=True),
    _text("account_id", sa.ForeignKey("account.id")),
    _text("secret_sha256"),
    _text("made_from", sa.ForeignKey("api_key.id"), null=True),  # an OAuth2 access token names the key it came from
    _text("created_at"),
    _text("expires_at", null=True),
    _text("revoked_at", null=True),
)

SESSION = sa.Table(
    "session",
    META,
    _text("id_sha256", key=True),
    _text("account_id", sa.ForeignKey("account.id")),
    _text("created_at"),
    _text("seen_at"),
)

LOGIN = sa.Table(
    "login",
    META,
    _text("state_sha256", key=True),
    _sealed("sealed"),
    _text("created_at"),
)

CASE = sa.Table(
    "client_case",
    META,
    _text("id", key=True),
    _text("unit_id", sa.ForeignKey("unit.id")),
    _text("number_lookup"),
    _text("pseudonym", unique=True),
    sa.Column("version", sa.Integer(), nullable=False),
    _sealed("sealed", null=True),  # null: only known from a suggestion asked for a posted case
    _text("created_at"),
    _text("changed_at"),
    sa.UniqueConstraint("number_lookup", "unit_id"),
)

MEASUREMENT = sa.Table(
    "measurement",
    META,
    _text("id", key=True),
    _text("case_id", sa.ForeignKey("client_case.id", ondelete="CASCADE")),
    sa.Column("case_version", sa.Integer(), nullable=False),
    _sealed("sealed"),
    _text("recorded_at"),
    _text("recorded_by", sa.ForeignKey("account.id")),
    sa.Index("measurement_of_case", "case_id", "case_version"),
)

CONTENT = sa.Table(
    "content",
    META,
    _text("sha256", key=True),
    _text("case_id", sa.ForeignKey("client_case.id")),
    _text("salt"),
    _sealed("sealed"),
    _text("created_at"),
    sa.Index("content_of_case", "case_id", "created_at"),
)

SUGGESTION = sa.Table(
    "suggestion",
    META,
    _text("id", key=True),
    _text("case_id", sa.ForeignKey("client_case.id")),
    sa.Column("case_version", sa.Integer(), nullable=False),
    _text("unit_id", sa.ForeignKey("unit.id")),
    _text("pseudonym"),
    _text("status"),
    _text("model_version"),
    _text("catalogue_version"),
    _text("input_sha256"),
    _text("output_sha256"),
    _text("created_at"),
    _text("created_by", sa.ForeignKey("account.id")),
    sa.Index("suggestion_in_unit", "unit_id", "created_at"),
    sa.Index("suggestion_of_case", "case_id", "created_at"),
    sa.Index("suggestion_by_pseudonym", "pseudonym"),
)

DECISION = sa.Table(
    "decision",
    META,
    _text("id", key=True),
    _text("suggestion_id", sa.ForeignKey("suggestion.id"), unique=True),
    _text("answer"),
    _text("reason_code"),
    _text("content_sha256"),
    sa.Column("overtaken", sa.Boolean(), nullable=False),
    _text("decided_at"),
    _text("decided_by", sa.ForeignKey("account.id")),
)

CONSENT = sa.Table(
    "consent",
    META,
    _text("id", key=True),
    _text("case_id", sa.ForeignKey("client_case.id", ondelete="CASCADE")),
    _text("recipient_unit"),
    _text("ends_on"),
    _sealed("sealed"),
    _text("given_at"),
    _text("given_by", sa.ForeignKey("account.id")),
    _text("revoked_at", null=True),
    sa.Index("consent_of_case", "case_id"),
)

STOP = sa.Table(
    "stop_switch",
    META,
    _text("id", key=True),
    _text("scope"),  # unit or model
    _text("target"),
    _text("reason"),
    _text("set_at"),
    _text("set_by", sa.ForeignKey("account.id")),
    _text("lifted_at", null=True),
)

IDEMPOTENCY = sa.Table(
    "idempotency",
    META,
    _text("account_id", sa.ForeignKey("account.id"), key=True),
    _text("key", key=True),
    _text("fingerprint"),
    _text("case_id", null=True),
    _sealed("sealed"),
    _text("created_at"),
)

TRAIL = sa.Table(
    "trail",
    META,
    sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
    _text("hash"),
    _text("previous", unique=True),
    _text("suggestion_id", null=True),
    _text("body"),
    sa.Index("trail_of_suggestion", "suggestion_id", "seq"),
)

HEAD = sa.Table(
    "trail_head",
    META,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    _text("hash"),
    _text("at"),
    _text("signature"),
)

CHECKPOINT = sa.Table(
    "checkpoint",
    META,
    sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
    _text("hash"),
    _text("at"),
    _text("signature"),
)
