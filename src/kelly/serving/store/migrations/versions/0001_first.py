"""The first shape: songs, jobs, preferences, answers and results."""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "songs",
        sql.Column("id", sql.String(24), primary_key=True),
        sql.Column("created", sql.Double, nullable=False),
        sql.Column("kind", sql.String(16), nullable=False),
        sql.Column("parent", sql.String(24)),
        sql.Column("title", sql.Text, nullable=False),
        sql.Column("key", sql.String(64)),
        sql.Column("midi", sql.LargeBinary, nullable=False),
        sql.Column("report", sql.JSON),
    )
    op.create_index("ix_songs_key", "songs", ["key"])
    op.create_index("songs_by_age", "songs", ["created", "id"])
    op.create_table(
        "jobs",
        sql.Column("id", sql.String(24), primary_key=True),
        sql.Column("created", sql.Double, nullable=False),
        sql.Column("kind", sql.String(16), nullable=False),
        sql.Column("key", sql.String(64), nullable=False),
        sql.Column("request", sql.JSON),
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
        sql.Column("problem", sql.JSON),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "created"])
    op.create_index("jobs_by_end", "jobs", ["ended"])
    op.create_table(
        "preferences",
        sql.Column("id", sql.String(24), primary_key=True),
        sql.Column("created", sql.Double, nullable=False),
        sql.Column("first", sql.String(24), nullable=False),
        sql.Column("second", sql.String(24), nullable=False),
        sql.Column("nearer", sql.String(8), nullable=False),
        sql.Column("asked", sql.JSON),
    )
    op.create_table(
        "answers",
        sql.Column("key", sql.String(64), primary_key=True),
        sql.Column("created", sql.Double, nullable=False),
        sql.Column("fingerprint", sql.String(64), nullable=False),
        sql.Column("status", sql.Integer, nullable=False),
        sql.Column("body", sql.JSON, nullable=False),
        sql.Column("place", sql.Text, nullable=False),
    )
    op.create_index("answers_by_age", "answers", ["created"])
    op.create_table(
        "results",
        sql.Column("key", sql.String(64), primary_key=True),
        sql.Column("created", sql.Double, nullable=False),
        sql.Column("body", sql.JSON, nullable=False),
    )
    op.create_index("results_by_age", "results", ["created"])
