-- @auth none
-- @page keyset a,b limit=5 max=10
-- @cache 1s scope=public
-- @live tables a,b min=1s by=id
select :id