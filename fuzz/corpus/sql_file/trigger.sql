-- @tx
create temp trigger t after insert on a begin select case 1 when 2 then 3 end; end; select :id