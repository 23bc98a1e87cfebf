-- Waits while its table is locked.
-- @param id bigint!
-- @auth none
-- @rows one
-- @timeout 10m
select id, name from gate where id = :id
