select E'a'
'b\':x', U&'d\0061', $a$ :x $a$, /* /* :x */ */ a[1:3], a[:n], array[:a,[:b]], json_object('k':v,'w' : :w), x::int, f(a:=:a), b ?| c, @ -5, "a:b" -- :y
