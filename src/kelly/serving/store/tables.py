"""Tables of the store, as they stand after the last migration.

Conventions: times are seconds since 1970 (UTC); an id is `new_id()`, which nobody can guess; JSON is data, never code.
What a table means is said by the module that reads and writes it. A change here needs a migration in
`migrations/versions`, and a test holds the two against each other.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sql

__all__ = ["answers", "jobs", "metadata", "new_id", "preferences", "results", "songs"]

metadata = sql.MetaData()


def new_id() -> str:
    """A name for something new: 24 hexadecimal digits, 96 bits by chance."""
    return secrets.token_hex(12)


songs = sql.Table(
    "songs",
    metadata,
    sql.Column("id", sql.String(24), primary_key=True),
    sql.Column("created", sql.Double, nullable=False),
    sql.Column("kind", sql.String(16), nullable=False),
    sql.Column("parent", sql.String(24)),  # which may be gone by now
    sql.Column("title", sql.Text, nullable=False),
    sql.Column("key", sql.String(64), index=True),
    sql.Column("midi", sql.LargeBinary, nullable=False),
    sql.Column("report", sql.JSON(none_as_null=True)),
    sql.Index("songs_by_age", "created", "id"),
)

jobs = sql.Table(
    "jobs",
    metadata,
    sql.Column("id", sql.String(24), primary_key=True),
    sql.Column("created", sql.Double, nullable=False),
    sql.Column("kind", sql.String(16), nullable=False),
    sql.Column("key", sql.String(64), nullable=False),
    sql.Column("request", sql.JSON(none_as_null=True)),
    sql.Column("source", sql.String(24)),
    sql.Column("state", sql.String(12), nullable=False),
    sql.Column("stage", sql.String(24), nullable=False),
    sql.Column("progress", sql.Double, nullable=False),
    sql.Column("revision", sql.Integer, nullable=False),
    sql.Column("attempts", sql.Integer, nullable=False),
    sql.Column("deadline", sql.Double, nullable=False),
    sql.Column("stopping", sql.Boolean, nullable=False),
    sql.Column("owner", sql.String(24)),
    sql.Column("lease", sql.Double),
    sql.Column("ended", sql.Double),
    sql.Column("song", sql.String(24)),
    sql.Column("problem", sql.JSON(none_as_null=True)),
    sql.Index("jobs_by_state", "state", "created"),
    sql.Index("jobs_by_end", "ended"),
)

preferences = sql.Table(
    "preferences",
    metadata,
    sql.Column("id", sql.String(24), primary_key=True),
    sql.Column("created", sql.Double, nullable=False),
    sql.Column("first", sql.String(24), nullable=False),
    sql.Column("second", sql.String(24), nullable=False),
    sql.Column("nearer", sql.String(8), nullable=False),
    sql.Column("asked", sql.JSON(none_as_null=True)),
)

answers = sql.Table(
    "answers",
    metadata,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("created", sql.Double, nullable=False),
    sql.Column("fingerprint", sql.String(64), nullable=False),
    sql.Column("status", sql.Integer, nullable=False),
    sql.Column("body", sql.JSON, nullable=False),
    sql.Column("place", sql.Text, nullable=False),
    sql.Index("answers_by_age", "created"),
)

results = sql.Table(
    "results",
    metadata,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("created", sql.Double, nullable=False),
    sql.Column("body", sql.JSON, nullable=False),
    sql.Index("results_by_age", "created"),
)
