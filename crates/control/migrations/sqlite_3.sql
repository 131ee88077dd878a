-- What a promotion changed for the data planes that it reached. A publication has its own.

ALTER TABLE changes ADD COLUMN diff TEXT;
