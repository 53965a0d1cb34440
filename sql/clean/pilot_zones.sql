-- Cross-border e-commerce pilot zones in force at year end: approvals up to 31 December, counted by province.
select
    p.province,
    y.year,
    count(z.zone)::integer as pilot_zones
from (select distinct province from clean.population where province <> '全国') as p
cross join (select distinct year from clean.population) as y
left join raw.pilot_zones as z
    on z.province = p.province and year(z.approval_date) <= y.year
group by p.province, y.year
order by p.province, y.year
