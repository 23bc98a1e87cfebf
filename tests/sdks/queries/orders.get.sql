-- @auth none
-- @live key=id min=10ms
-- @param customer integer
select id, total from orders where customer = :customer order by place desc, id
