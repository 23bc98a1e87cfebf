-- @param id int!
-- @param n int = -5 "number"
-- @invalidates a, b
-- @idempotent
-- @param sub text claim
update a set b = :n where id = :id and o = :sub