-- The newest time at which the clocks of this side and of a data plane agreed that it had come; it only moves forward.

CREATE TABLE audit_clock (
    only_one BIGINT PRIMARY KEY CHECK (only_one = 1),
    time     TEXT COLLATE "C" NOT NULL
);
INSERT INTO audit_clock (only_one, time) VALUES (1, '');
CREATE OR REPLACE FUNCTION refuse_backward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.time <= OLD.time THEN
        RAISE EXCEPTION '% only moves forward', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER audit_clock_forward BEFORE UPDATE ON audit_clock
    FOR EACH ROW EXECUTE FUNCTION refuse_backward();
CREATE TRIGGER audit_clock_no_delete BEFORE DELETE OR TRUNCATE ON audit_clock
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Nor does the horizon pass that time.
CREATE FUNCTION refuse_disputed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.time > (SELECT time FROM audit_clock) THEN
        RAISE EXCEPTION 'audit_horizon never passes audit_clock';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER audit_horizon_agreed BEFORE UPDATE ON audit_horizon
    FOR EACH ROW EXECUTE FUNCTION refuse_disputed();
