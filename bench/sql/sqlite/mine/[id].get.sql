-- One item, and who asks.
-- @param id int!
-- @param sub text! claim
-- @auth role:web claims:sub
-- @rows one
select id, name, status, quantity, score, active, note, created, :sub as caller from items where id = :id
