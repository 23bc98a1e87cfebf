-- The same, written so that nobody can tell which changes matter: each asks every query anew.
-- @auth none
-- @live key=id
-- @param sensor int
select id, value from readings where sensor = :sensor + 0 order by id
