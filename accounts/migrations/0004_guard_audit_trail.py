"""Let the database itself refuse changes of the audit trail.

No entry is ever updated, and none is deleted before it is 30 days old, the least that
AUDIT_KEPT_DAYS may say. SQLite guards updates only: there a test empties its tables by
deleting.
"""

from django.db import migrations

_POSTGRESQL = (
    """
    CREATE FUNCTION keyfob_trail_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' OR OLD.happened_at > now() - interval '30 days' THEN
            RAISE EXCEPTION 'the audit trail is final';
        END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER keyfob_trail_is_final
    BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION keyfob_trail_is_final()
    """,
)
_SQLITE = (
    """
    CREATE TRIGGER keyfob_trail_is_final BEFORE UPDATE ON accounts_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit trail is final'); END
    """,
)
_DROP_POSTGRESQL = (
    "DROP TRIGGER keyfob_trail_is_final ON accounts_auditentry",
    "DROP FUNCTION keyfob_trail_is_final()",
)
_DROP_SQLITE = ("DROP TRIGGER keyfob_trail_is_final",)


def guard(apps, schema_editor):
    for statement in {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}[
        schema_editor.connection.vendor
    ]:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    for statement in {"postgresql": _DROP_POSTGRESQL, "sqlite": _DROP_SQLITE}[
        schema_editor.connection.vendor
    ]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_invitation")]

    operations = [migrations.RunPython(guard, unguard)]
