-- The newest time at which the clocks of this side and of a data plane agreed that it had come; it only moves forward.

CREATE TABLE audit_clock (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    time     TEXT NOT NULL
);
INSERT INTO audit_clock (only_one, time) VALUES (1, '');
CREATE TRIGGER audit_clock_forward BEFORE UPDATE ON audit_clock WHEN NEW.time <= OLD.time
BEGIN SELECT RAISE(ABORT, 'audit_clock only moves forward'); END;
CREATE TRIGGER audit_clock_no_delete BEFORE DELETE ON audit_clock
BEGIN SELECT RAISE(ABORT, 'audit_clock only moves forward'); END;

-- Nor does the horizon pass that time.
CREATE TRIGGER audit_horizon_agreed BEFORE UPDATE ON audit_horizon
WHEN NEW.time > (SELECT time FROM audit_clock)
BEGIN SELECT RAISE(ABORT, 'audit_horizon never passes audit_clock'); END;
