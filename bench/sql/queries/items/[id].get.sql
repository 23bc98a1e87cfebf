-- One item, and who asks.
-- @param id bigint!
-- @auth role:web
-- @rows one
select id, name, status, quantity, score, active, note, created, current_user::text as role,
  current_setting('request.jwt.claims', true)::json ->> 'sub' as caller
from items where id = :id
