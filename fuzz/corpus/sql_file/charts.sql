-- Sales of the day.
-- @auth none
-- @live key=time,region
-- @chart line x=time y=value series=region title="Sales" unit=EUR
-- @chart pie x=region y=value
-- @chart bar x="The time" y=value, cost
-- @chart number y=value before=cost
-- @chart table columns=time,value
select time, region, value, cost from sales
