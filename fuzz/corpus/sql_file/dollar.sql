-- @rows one
select $:a, json_object(:k:v), x[(:n):m] from t