-- Audit lines from before the horizon may be deleted; it only moves forward.

CREATE TABLE audit_horizon (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    time     TEXT NOT NULL
);
INSERT INTO audit_horizon (only_one, time) VALUES (1, '');
CREATE TRIGGER audit_horizon_forward BEFORE UPDATE ON audit_horizon WHEN NEW.time <= OLD.time
BEGIN SELECT RAISE(ABORT, 'audit_horizon only moves forward'); END;
CREATE TRIGGER audit_horizon_no_delete BEFORE DELETE ON audit_horizon
BEGIN SELECT RAISE(ABORT, 'audit_horizon only moves forward'); END;

DROP TRIGGER audit_lines_no_delete;
CREATE TRIGGER audit_lines_no_delete BEFORE DELETE ON audit_lines
WHEN OLD.time >= (SELECT time FROM audit_horizon)
BEGIN SELECT RAISE(ABORT, 'audit_lines is append-only after the horizon'); END;
DROP TRIGGER audit_rules_no_delete;
CREATE TRIGGER audit_rules_no_delete BEFORE DELETE ON audit_rules
WHEN (SELECT time FROM audit_lines WHERE line_id = OLD.line_id) >= (SELECT time FROM audit_horizon)
BEGIN SELECT RAISE(ABORT, 'audit_rules is append-only after the horizon'); END;
