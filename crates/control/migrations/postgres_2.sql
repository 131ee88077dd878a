-- Audit lines from before the horizon may be deleted; it only moves forward.

CREATE TABLE audit_horizon (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
    time     TEXT COLLATE "C" NOT NULL
);
INSERT INTO audit_horizon (only_one, time) VALUES (1, '');
CREATE FUNCTION refuse_backward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.time <= OLD.time THEN
        RAISE EXCEPTION 'audit_horizon only moves forward';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER audit_horizon_forward BEFORE UPDATE ON audit_horizon
    FOR EACH ROW EXECUTE FUNCTION refuse_backward();
CREATE TRIGGER audit_horizon_no_delete BEFORE DELETE OR TRUNCATE ON audit_horizon
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_young() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT time FROM audit_lines WHERE line_id = OLD.line_id)
        >= (SELECT time FROM audit_horizon) THEN
        RAISE EXCEPTION '% is append-only after the horizon', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END;
$$;
DROP TRIGGER audit_lines_append_only ON audit_lines;
CREATE TRIGGER audit_lines_append_only BEFORE UPDATE OR TRUNCATE ON audit_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_lines_keep_young BEFORE DELETE ON audit_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_young();
DROP TRIGGER audit_rules_append_only ON audit_rules;
CREATE TRIGGER audit_rules_append_only BEFORE UPDATE OR TRUNCATE ON audit_rules
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_rules_keep_young BEFORE DELETE ON audit_rules
    FOR EACH ROW EXECUTE FUNCTION refuse_young();
