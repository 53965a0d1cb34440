-- The regression variables before winsorizing, one row per province and year; ECONOMETRICS section "variables"
-- of docs/study.md gives each definition. Dollars become yuan at the year's average rate.
select
    gdp.province,
    gdp.year,
    ln(manufacturing_exports.manufacturing_exports) as EXP,
    eci.ECI,
    ln(gdp_per_capita.gdp_per_capita) as PGDP,
    fiscal_revenue.fiscal_revenue / fiscal_expenditure.fiscal_expenditure as Fisca,
    employed_bachelor_share.employed_bachelor_share / 100 as HC,
    fdi.fdi * 1e4 * (exchange_rate.yuan_per_100_usd / 100) / (gdp.gdp * 1e8) as FDI,
    internet_users.internet_users / population.population as Net,
    green_area.green_area / (population.population * 10) as Infr,
    pilot_zones.pilot_zones as NumCPZ,
    manufacturing_exports.manufacturing_exports * 1e3 * (exchange_rate.yuan_per_100_usd / 100)
        / (value_added_secondary.value_added_secondary * 1e8) as EXP_share,
    (
        value_added_primary.value_added_primary
        + 2 * value_added_secondary.value_added_secondary
        + 3 * value_added_tertiary.value_added_tertiary
    ) / gdp.gdp as Inus,
    science_expenditure.science_expenditure / fiscal_expenditure.fiscal_expenditure as Tec,
    (deposits.deposits + loans.loans) / gdp.gdp as FinDev
from clean.gdp
join clean.manufacturing_exports using (province, year)
join index.eci using (province, year)
join clean.gdp_per_capita using (province, year)
join clean.fiscal_revenue using (province, year)
join clean.fiscal_expenditure using (province, year)
join clean.employed_bachelor_share using (province, year)
join clean.fdi using (province, year)
join clean.internet_users using (province, year)
join clean.population using (province, year)
join clean.green_area using (province, year)
join clean.pilot_zones using (province, year)
join clean.value_added_primary using (province, year)
join clean.value_added_secondary using (province, year)
join clean.value_added_tertiary using (province, year)
join clean.science_expenditure using (province, year)
join clean.deposits using (province, year)
join clean.loans using (province, year)
join raw.exchange_rate using (year)
order by gdp.province, gdp.year
