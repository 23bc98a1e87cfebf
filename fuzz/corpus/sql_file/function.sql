-- @tx
create or replace function f() returns int begin atomic select case when :a then 1 end; end; select 2;