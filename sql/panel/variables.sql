-- The regression variables before winsorizing, one row per province and year.
-- Dollars become yuan at the year's average rate; study/regressions.yaml describes each variable.
select
    accounts.province,
    accounts.year,
    ln(manufacturing_exports.manufacturing_exports) as EXP,
    eci.ECI,
    ln(accounts.gdp_per_capita) as PGDP,
    fiscal_revenue.fiscal_revenue / fiscal_expenditure.fiscal_expenditure as Fisca,
    employed_bachelor_share.employed_bachelor_share / 100 as HC,
    fdi.fdi * 1e4 * (exchange_rate.yuan_per_100_usd / 100) / (accounts.gdp * 1e8) as FDI,
    internet_users.internet_users / accounts.population as Net,
    green_area.green_area / (accounts.population * 10) as Infr,
    pilot_zones.pilot_zones as NumCPZ,
    manufacturing_exports.manufacturing_exports * 1e3 * (exchange_rate.yuan_per_100_usd / 100)
        / (accounts.value_added_secondary * 1e8) as EXP_share,
    (
        accounts.value_added_primary
        + 2 * accounts.value_added_secondary
        + 3 * accounts.value_added_tertiary
    ) / accounts.gdp as Inus,
    science_expenditure.science_expenditure / fiscal_expenditure.fiscal_expenditure as Tec,
    (deposits.deposits + loans.loans) / accounts.gdp as FinDev,
    coalesce(gaps.filled, 0) as filled
from clean.national_accounts as accounts
join clean.manufacturing_exports using (province, year)
join index.eci using (province, year)
join clean.fiscal_revenue using (province, year)
join clean.fiscal_expenditure using (province, year)
join clean.employed_bachelor_share using (province, year)
join clean.fdi using (province, year)
join clean.internet_users using (province, year)
join clean.green_area using (province, year)
join clean.pilot_zones using (province, year)
join clean.science_expenditure using (province, year)
join clean.deposits using (province, year)
join clean.loans using (province, year)
join raw.exchange_rate using (year)
-- Cells of the province-year that were filled, in any table: for samples without them.
left join (
    select province, year, count(*)::integer as filled
    from clean.imputations
    group by province, year
) as gaps using (province, year)
order by accounts.province, accounts.year
