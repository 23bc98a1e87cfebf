-- A hundred items.
-- @param after bigint!
-- @auth none
select id, name, status, quantity, score, active, note, created from items where id > :after order by id limit 100
