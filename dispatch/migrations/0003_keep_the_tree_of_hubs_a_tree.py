"""No hub is its own ancestor, and no parent is of another environment: refused whoever writes, also for two at once.

The lock is one an environment and is held to the end of the transaction. Each statement of the function sees what was
committed before it began, so whoever waited for the lock sees the move that it waited for.
"""

from django.db import migrations

TREE = """
    CREATE FUNCTION dispatch_keep_tree() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        parent_environment bigint;
        cycle boolean;
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.environment_id <> OLD.environment_id THEN
            RAISE EXCEPTION 'a hub stays in its environment'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'hub_stays_in_its_environment';
        END IF;
        IF NEW.parent_id IS NULL THEN
            RETURN NEW;
        END IF;
        PERFORM pg_advisory_xact_lock(1836081256, (NEW.environment_id % 2147483647)::integer);
        SELECT environment_id INTO parent_environment FROM dispatch_hub WHERE id = NEW.parent_id;
        IF parent_environment IS DISTINCT FROM NEW.environment_id THEN
            RAISE EXCEPTION 'a hub''s parent is in the same environment'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'hub_parent_of_its_environment';
        END IF;
        WITH RECURSIVE above(id, parent_id) AS (
            SELECT id, parent_id FROM dispatch_hub WHERE id = NEW.parent_id
            UNION
            SELECT hub.id, hub.parent_id FROM dispatch_hub hub JOIN above ON hub.id = above.parent_id
        )
        SELECT EXISTS (SELECT 1 FROM above WHERE id = NEW.id) INTO cycle;
        IF cycle THEN
            RAISE EXCEPTION 'a hub cannot be moved below itself'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'hub_not_below_itself';
        END IF;
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER keep_tree BEFORE INSERT OR UPDATE OF parent_id, environment_id ON dispatch_hub
        FOR EACH ROW EXECUTE FUNCTION dispatch_keep_tree();
"""
NO_TREE = "DROP TRIGGER keep_tree ON dispatch_hub; DROP FUNCTION dispatch_keep_tree();"


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0002_fence_dispatch_and_make_its_facts_final")]

    operations = [migrations.RunSQL(TREE, NO_TREE)]
