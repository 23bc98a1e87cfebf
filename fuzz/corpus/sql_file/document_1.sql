-- name: list :many
-- All users.
select id, name from users;

-- name: add!
insert into users (name) values (:name);
