-- An order of the caller.
-- @param item bigint!
-- @param quantity int!
-- @auth role:web
-- @rows one
insert into orders (item, quantity, buyer)
values (:item, :quantity, current_setting('request.jwt.claims', true)::json ->> 'sub')
returning id, item, quantity, buyer
