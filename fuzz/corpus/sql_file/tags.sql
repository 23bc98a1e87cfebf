/*
 * Summary.
 * @param id int! path "doc"
 * @param s text = 'it''s'
 * @auth role:a,b claims:c
 * @rows one
 * @cache 1m scope=c tags=t swr=1h
 * @live poll 2s key=id
 * @rate 5/m per ip
 * @timeout 1s
 * @connection replica @plan custom
 */
select :id, :s
