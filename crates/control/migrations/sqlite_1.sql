-- Times are RFC 3339 in UTC with microseconds, so that their order is that of their texts.

CREATE TABLE publications (
    number      BIGINT PRIMARY KEY,
    base        BIGINT NOT NULL,
    author      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    restores    BIGINT,
    files       TEXT NOT NULL,
    diff        TEXT NOT NULL,
    created_at  TEXT NOT NULL
);

-- What the sources of a publication compile to, unsigned.
CREATE TABLE packages (
    publication BIGINT NOT NULL REFERENCES publications (number),
    scope       TEXT NOT NULL,
    contents    TEXT NOT NULL,
    PRIMARY KEY (publication, scope)
);

CREATE TABLE bundles (
    scope       TEXT NOT NULL,
    number      BIGINT NOT NULL,
    publication BIGINT NOT NULL REFERENCES publications (number),
    key_id      TEXT NOT NULL,
    issued_at   TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    archive     BLOB NOT NULL,
    PRIMARY KEY (scope, number)
);
CREATE INDEX bundles_of_publication ON bundles (publication, scope, number);

-- What happened, in order. The newest changes with a rollout say who is served what.
CREATE TABLE changes (
    id          BIGINT PRIMARY KEY,
    action      TEXT NOT NULL,
    publication BIGINT NOT NULL REFERENCES publications (number),
    rollout     TEXT,
    author      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    created_at  TEXT NOT NULL
);
CREATE INDEX changes_of_publication ON changes (publication, id);

CREATE TABLE data_planes (
    principal       TEXT NOT NULL,
    id              TEXT NOT NULL,
    labels          TEXT NOT NULL,
    active_revision TEXT,
    code            TEXT,
    message         TEXT,
    last_seen       TEXT NOT NULL,
    PRIMARY KEY (principal, id)
);

CREATE TABLE audit_lines (
    line_id     TEXT PRIMARY KEY,
    principal   TEXT NOT NULL,
    batch       TEXT NOT NULL,
    sequence    BIGINT NOT NULL,
    event       TEXT NOT NULL,
    -- NULL where the line belongs to no call.
    decision_id TEXT,
    time        TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    agent       TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    region      TEXT NOT NULL,
    line        TEXT NOT NULL,
    UNIQUE (principal, batch, sequence),
    UNIQUE (principal, event, decision_id)
);
CREATE INDEX audit_by_tenant ON audit_lines (tenant, time, line_id);
CREATE INDEX audit_by_time ON audit_lines (time, line_id);

CREATE TABLE audit_rules (
    line_id TEXT NOT NULL REFERENCES audit_lines (line_id),
    rule    TEXT NOT NULL,
    PRIMARY KEY (line_id, rule)
);

CREATE TABLE refused_accesses (
    principal TEXT NOT NULL,
    operation TEXT NOT NULL,
    target    TEXT NOT NULL,
    code      TEXT NOT NULL,
    times     BIGINT NOT NULL,
    first_at  TEXT NOT NULL,
    last_at   TEXT NOT NULL,
    PRIMARY KEY (principal, operation, target, code)
);

-- Append-only, whoever writes.
CREATE TRIGGER publications_no_update BEFORE UPDATE ON publications
BEGIN SELECT RAISE(ABORT, 'publications is append-only'); END;
CREATE TRIGGER publications_no_delete BEFORE DELETE ON publications
BEGIN SELECT RAISE(ABORT, 'publications is append-only'); END;
CREATE TRIGGER packages_no_update BEFORE UPDATE ON packages
BEGIN SELECT RAISE(ABORT, 'packages is append-only'); END;
CREATE TRIGGER packages_no_delete BEFORE DELETE ON packages
BEGIN SELECT RAISE(ABORT, 'packages is append-only'); END;
CREATE TRIGGER bundles_no_update BEFORE UPDATE ON bundles
BEGIN SELECT RAISE(ABORT, 'bundles is append-only'); END;
CREATE TRIGGER bundles_no_delete BEFORE DELETE ON bundles
BEGIN SELECT RAISE(ABORT, 'bundles is append-only'); END;
CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes
BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END;
CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes
BEGIN SELECT RAISE(ABORT, 'changes is append-only'); END;
CREATE TRIGGER audit_lines_no_update BEFORE UPDATE ON audit_lines
BEGIN SELECT RAISE(ABORT, 'audit_lines is append-only'); END;
CREATE TRIGGER audit_lines_no_delete BEFORE DELETE ON audit_lines
BEGIN SELECT RAISE(ABORT, 'audit_lines is append-only'); END;
CREATE TRIGGER audit_rules_no_update BEFORE UPDATE ON audit_rules
BEGIN SELECT RAISE(ABORT, 'audit_rules is append-only'); END;
CREATE TRIGGER audit_rules_no_delete BEFORE DELETE ON audit_rules
BEGIN SELECT RAISE(ABORT, 'audit_rules is append-only'); END;
