create table items (id integer primary key, name text not null, status text not null, quantity integer not null,
  score real not null, active integer not null, note text, created text not null);
with recursive n (n) as (select 1 union all select n + 1 from n where n < 100000)
insert into items select n, case when n % 10 = 0 then 'the "best" of ' else 'customer ' end || n,
  case n % 3 when 0 then 'open' when 1 then 'paid' else 'shipped' end, n % 1000, (n % 977) * 1.25, n % 2 = 0,
  case when n % 4 = 0 then null else 'a note of some length about order ' || n end,
  strftime('%Y-%m-%dT%H:%M:%SZ', '2026-01-01', n || ' minutes') from n;
