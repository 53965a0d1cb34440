-- The regression variables before winsorizing, one row per province and year.
select
    population.province,
    population.year,
    ln(trade.trade) as TRADE,
    edi.EDI,
    ln(gdp_per_capita.gdp_per_capita) as PGDP,
    tax_revenue.tax_revenue / fiscal_expenditure.fiscal_expenditure as Tax,
    science_expenditure.science_expenditure / fiscal_expenditure.fiscal_expenditure as Tec,
    broadband_users.broadband_users / population.population as Net
from clean.population
join index.edi using (province, year)
join clean.trade using (province, year)
join clean.gdp_per_capita using (province, year)
join clean.tax_revenue using (province, year)
join clean.fiscal_expenditure using (province, year)
join clean.science_expenditure using (province, year)
join clean.broadband_users using (province, year)
order by population.province, population.year
