-- What the servers of the SQL benchmark answer from; bench/sql.py runs it on a PostgreSQL of its own, which has the table
-- items already (bench/store_server.py).
create role web nologin;
create role api login;
grant web to api;
grant create on database postgres to api;
grant select on items to api, web;

create type mood as enum ('sad', 'ok', 'happy');
create table types (
  id integer primary key, small smallint, big bigint, exact numeric(14, 4), single real, twice double precision, yes boolean,
  words text, short varchar(20), fixed char(4), day date, moment timestamp, instant timestamptz, uid uuid, bytes bytea,
  doc json, docb jsonb, feeling mood, numbers integer[], names text[], flags boolean[], halves double precision[], address inet
);
insert into types select n, n % 100, 9007199254740991 - n, n + 0.0625, 0.5 + n, n / 4.0, n % 2 = 0, 'say "hi" to ' || n,
  'short ' || n, 'abcd', date '2026-01-01' + n, timestamp '2026-01-01 10:00:00' + n * interval '1 minute',
  timestamptz '2026-01-01 10:00:00+00' + n * interval '1 minute', md5(n::text)::uuid, decode(md5(n::text), 'hex'),
  json_build_object('n', n, 'list', array[1, 2, 3]), jsonb_build_object('n', n, 'deep', jsonb_build_object('yes', true)),
  (array['sad', 'ok', 'happy'])[n % 3 + 1]::mood, array[n, n + 1], array['a', 'b "' || n || '"'], array[true, false],
  array[0.5, n / 2.0], ('10.1.' || n % 200 || '.7/16')::inet from generate_series(1, 1000) n;
grant select on types to api, web;

create table orders (id bigint generated always as identity primary key, item bigint not null, quantity integer not null,
  buyer text not null);
grant select, insert on orders to api, web;

-- Locked by the benchmark while requests for it are kept open.
create table gate (id bigint primary key, name text not null);
insert into gate select n, 'gate ' || n from generate_series(1, 100) n;
grant select on gate to api, web;
vacuum analyze types, gate;
