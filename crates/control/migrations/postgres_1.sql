-- Times are RFC 3339 in UTC with microseconds, so that their order is that of their texts.

CREATE TABLE publications (
    number      BIGINT PRIMARY KEY,
    base        BIGINT NOT NULL,
    author      TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    restores    BIGINT,
    files       TEXT COLLATE "C" NOT NULL,
    diff        TEXT COLLATE "C" NOT NULL,
    created_at  TEXT COLLATE "C" NOT NULL
);

-- What the sources of a publication compile to, unsigned.
CREATE TABLE packages (
    publication BIGINT NOT NULL REFERENCES publications (number),
    scope       TEXT COLLATE "C" NOT NULL,
    contents    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (publication, scope)
);

CREATE TABLE bundles (
    scope       TEXT COLLATE "C" NOT NULL,
    number      BIGINT NOT NULL,
    publication BIGINT NOT NULL REFERENCES publications (number),
    key_id      TEXT COLLATE "C" NOT NULL,
    issued_at   TEXT COLLATE "C" NOT NULL,
    expires_at  TEXT COLLATE "C" NOT NULL,
    sha256      TEXT COLLATE "C" NOT NULL,
    archive     BYTEA NOT NULL,
    PRIMARY KEY (scope, number)
);
CREATE INDEX bundles_of_publication ON bundles (publication, scope, number);

-- What happened, in order. The newest changes with a rollout say who is served what.
CREATE TABLE changes (
    id          BIGINT PRIMARY KEY,
    action      TEXT COLLATE "C" NOT NULL,
    publication BIGINT NOT NULL REFERENCES publications (number),
    rollout     TEXT COLLATE "C",
    author      TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    created_at  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX changes_of_publication ON changes (publication, id);

CREATE TABLE data_planes (
    principal       TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    labels          TEXT COLLATE "C" NOT NULL,
    active_revision TEXT COLLATE "C",
    code            TEXT COLLATE "C",
    message         TEXT COLLATE "C",
    last_seen       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (principal, id)
);

CREATE TABLE audit_lines (
    line_id     TEXT COLLATE "C" PRIMARY KEY,
    principal   TEXT COLLATE "C" NOT NULL,
    batch       TEXT COLLATE "C" NOT NULL,
    sequence    BIGINT NOT NULL,
    event       TEXT COLLATE "C" NOT NULL,
    -- NULL where the line belongs to no call.
    decision_id TEXT COLLATE "C",
    time        TEXT COLLATE "C" NOT NULL,
    tenant      TEXT COLLATE "C" NOT NULL,
    agent       TEXT COLLATE "C" NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C" NOT NULL,
    line        TEXT COLLATE "C" NOT NULL,
    UNIQUE (principal, batch, sequence),
    UNIQUE (principal, event, decision_id)
);
CREATE INDEX audit_by_tenant ON audit_lines (tenant, time, line_id);
CREATE INDEX audit_by_time ON audit_lines (time, line_id);

CREATE TABLE audit_rules (
    line_id TEXT COLLATE "C" NOT NULL REFERENCES audit_lines (line_id),
    rule    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (line_id, rule)
);

CREATE TABLE refused_accesses (
    principal TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    target    TEXT COLLATE "C" NOT NULL,
    code      TEXT COLLATE "C" NOT NULL,
    times     BIGINT NOT NULL,
    first_at  TEXT COLLATE "C" NOT NULL,
    last_at   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (principal, operation, target, code)
);

-- Append-only, whoever writes.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END;
$$;
CREATE TRIGGER publications_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON publications
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER packages_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON packages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bundles_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bundles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_rules_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_rules
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
