-- One item.
-- @param id int!
-- @auth none
-- @rows one
select id, name, status, quantity, score, active, note, created from items where id = :id
