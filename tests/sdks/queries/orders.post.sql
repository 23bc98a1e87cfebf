-- @auth none
-- @rows exec
-- @param id integer
-- @param total integer
insert into orders values (:id, 7, 'ada', :total, :total) on conflict (id) do update set total = excluded.total, place = excluded.place
