-- @auth none
-- @live key=id min=10ms
-- @param text text
-- @param least integer = 0
-- @param even boolean = false
select id, text from texts where text = :text and id >= :least and (not :even or id % 2 = 0) order by id
