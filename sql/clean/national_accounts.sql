-- GDP, its three industries, GDP per head and population side by side, so that their sums and products are checked.
select
    gdp.province,
    gdp.year,
    gdp.gdp,
    value_added_primary.value_added_primary,
    value_added_secondary.value_added_secondary,
    value_added_tertiary.value_added_tertiary,
    gdp_per_capita.gdp_per_capita,
    population.population
from clean.gdp
join clean.value_added_primary using (province, year)
join clean.value_added_secondary using (province, year)
join clean.value_added_tertiary using (province, year)
join clean.gdp_per_capita using (province, year)
join clean.population using (province, year)
order by gdp.province, gdp.year
