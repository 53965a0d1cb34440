-- The index indicators in the units of Table 1, one row per province and year.
-- 万件/万人 = items per person, 万元/万人 = yuan per person, 亿元/万人 = 10 000 yuan per person,
-- 公里/万人 x 0.1 = metres per person; trade is in thousand dollars, the rate in yuan per 100 dollars.
select
    accounts.province,
    accounts.year,
    express_volume_international.express_volume_international / accounts.population as express_volume_per_head,
    express_revenue_international.express_revenue_international / accounts.population as express_revenue_per_head,
    pilot_zones.pilot_zones,
    ecommerce_enterprises.ecommerce_enterprises,
    express_outlets.express_outlets,
    websites_per_100_enterprises.websites_per_100_enterprises,
    0.1 * long_distance_cable.long_distance_cable / accounts.population as long_distance_cable_per_head,
    internet_users.internet_users / accounts.population as internet_penetration,
    exports.exports * 1e3 * (exchange_rate.yuan_per_100_usd / 100) / (accounts.gdp * 1e8) as exports_to_gdp,
    imports.imports * 1e3 * (exchange_rate.yuan_per_100_usd / 100) / (accounts.gdp * 1e8) as imports_to_gdp,
    ecommerce_purchases.ecommerce_purchases / accounts.population as ecommerce_purchases_per_head,
    ecommerce_sales.ecommerce_sales / accounts.population as ecommerce_sales_per_head
from clean.national_accounts as accounts
join clean.express_volume_international using (province, year)
join clean.express_revenue_international using (province, year)
join clean.pilot_zones using (province, year)
join clean.ecommerce_enterprises using (province, year)
join clean.express_outlets using (province, year)
join clean.websites_per_100_enterprises using (province, year)
join clean.long_distance_cable using (province, year)
join clean.internet_users using (province, year)
join clean.exports using (province, year)
join clean.imports using (province, year)
join clean.ecommerce_purchases using (province, year)
join clean.ecommerce_sales using (province, year)
join raw.exchange_rate using (year)
where not list_contains(getvariable('excluded_provinces'), accounts.province)
order by accounts.province, accounts.year
