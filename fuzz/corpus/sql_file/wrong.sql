-- @parm x
-- @rows
select $1, :1, a:b, :'q', (' ;