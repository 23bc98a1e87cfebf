-- Latest orders of one customer.
-- The newest come first.
-- @param customer_id int! "whose orders"
-- @param status text = null "only those in this state"
-- @auth role:web
-- @page limit=50 max=500
-- @cache 30s swr=5m scope=sub tags=orders
-- @live min=200ms key=id by=customer_id
-- @timeout 2s
select id, status, amount, created_at from orders
where customer_id = :customer_id and (:status::text is null or status = :status)
order by created_at desc, id desc
