-- The readings of a sensor: a change of one asks this sensor's query alone.
-- @auth none
-- @live key=id
-- @param sensor int
select id, value from readings where sensor = :sensor order by id
