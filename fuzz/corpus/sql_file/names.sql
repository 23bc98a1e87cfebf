-- name: a :many
select 1;
-- name: b^
-- Doc.
-- @timeout 1s
select :x;
-- name: c<!
with y as (delete from z) select 1