-- The orders of who asks.
-- @auth claims:sub
-- @live key=id min=10ms
-- @param sub text! claim
-- @param least integer = 0
select id, total from orders where owner = :sub and total >= :least order by place desc, id
