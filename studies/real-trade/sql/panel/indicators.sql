-- The eight indicators of the index, one row per province and year.
-- 万件/万人 = items per person, 公里/万人 x 0.1 = metres per person, 亿元/万人 = 10 000 yuan per person.
select
    population.province,
    population.year,
    express_volume.express_volume / population.population as express_volume_per_head,
    ecommerce_enterprises.ecommerce_enterprises,
    websites_per_100_enterprises.websites_per_100_enterprises,
    0.1 * long_distance_cable.long_distance_cable / population.population as long_distance_cable_per_head,
    mobile_internet_users.mobile_internet_users / population.population as mobile_internet_users_per_head,
    trade.trade * 1e3 * (exchange_rate.yuan_per_100_usd / 100) / (gdp.gdp * 1e8) as trade_to_gdp,
    ecommerce_purchases.ecommerce_purchases / population.population as ecommerce_purchases_per_head,
    ecommerce_sales.ecommerce_sales / population.population as ecommerce_sales_per_head
from clean.population
join clean.express_volume using (province, year)
join clean.ecommerce_enterprises using (province, year)
join clean.websites_per_100_enterprises using (province, year)
join clean.long_distance_cable using (province, year)
join clean.mobile_internet_users using (province, year)
join clean.trade using (province, year)
join clean.gdp using (province, year)
join clean.ecommerce_purchases using (province, year)
join clean.ecommerce_sales using (province, year)
join raw.exchange_rate using (year)
where not list_contains(getvariable('excluded_provinces'), population.province)
order by population.province, population.year
