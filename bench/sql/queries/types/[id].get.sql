-- A row of 23 types.
-- @param id int!
-- @auth none
-- @rows one
select id, small, big, exact, single, twice, yes, words, short, fixed, day, moment, instant, uid, bytes, doc, docb, feeling,
  numbers, names, flags, halves, address from types where id = :id
