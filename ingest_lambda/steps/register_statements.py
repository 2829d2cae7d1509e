"""The SQL of registrations. What a person or a program wrote through the API stays; what the device says fills gaps."""

from __future__ import annotations

# Sorted, as where reports register devices, so that two workers wait for one another instead of deadlocking. A name
# is taken only while there is none and a key of metadata only where it is missing; what the device alone can know
# follows what it says. A deleted device stays deleted, and who says nothing new writes no row.
REGISTER = """
    INSERT INTO tracker_device AS d
        (environment_id, external_id, name, model, os, app_version, metadata, uid, registered_at)
    SELECT s.environment_id, s.external_id, s.name, s.model, s.os, s.app_version, s.metadata, gen_random_uuid(), now()
    FROM unnest(%(environments)s::bigint[], %(devices)s::text[], %(names)s::text[], %(models)s::text[],
        %(systems)s::text[], %(versions)s::text[], %(metadata)s::jsonb[])
        AS s (environment_id, external_id, name, model, os, app_version, metadata)
    JOIN tracker_environment e ON e.id = s.environment_id
    ORDER BY s.environment_id, s.external_id
    ON CONFLICT (environment_id, external_id) DO UPDATE SET
        name = CASE WHEN d.name = '' THEN excluded.name ELSE d.name END,
        model = coalesce(nullif(excluded.model, ''), d.model),
        os = coalesce(nullif(excluded.os, ''), d.os),
        app_version = coalesce(nullif(excluded.app_version, ''), d.app_version),
        metadata = CASE WHEN octet_length((excluded.metadata || d.metadata)::text) <= %(largest)s
            THEN excluded.metadata || d.metadata ELSE d.metadata END
    WHERE d.deleted_at IS NULL AND (
        (d.name = '' AND excluded.name <> '')
        OR (excluded.model <> '' AND excluded.model <> d.model)
        OR (excluded.os <> '' AND excluded.os <> d.os)
        OR (excluded.app_version <> '' AND excluded.app_version <> d.app_version)
        OR excluded.metadata || d.metadata <> d.metadata)
    RETURNING environment_id, external_id, xmax = 0"""
