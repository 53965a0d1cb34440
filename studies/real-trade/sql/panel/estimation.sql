-- The estimation sample: every variable winsorized at the limits of study.yaml.
with sorted as (
    select
        list(TRADE order by TRADE) filter (where TRADE is not null) as TRADE,
        list(EDI order by EDI) filter (where EDI is not null) as EDI,
        list(PGDP order by PGDP) filter (where PGDP is not null) as PGDP,
        list(Tax order by Tax) filter (where Tax is not null) as Tax,
        list(Tec order by Tec) filter (where Tec is not null) as Tec,
        list(Net order by Net) filter (where Net is not null) as Net
    from panel.variables
)
select
    variables.province,
    variables.year,
    winsorized(variables.TRADE, sorted.TRADE) as TRADE,
    winsorized(variables.EDI, sorted.EDI) as EDI,
    winsorized(variables.PGDP, sorted.PGDP) as PGDP,
    winsorized(variables.Tax, sorted.Tax) as Tax,
    winsorized(variables.Tec, sorted.Tec) as Tec,
    winsorized(variables.Net, sorted.Net) as Net
from panel.variables
cross join sorted
order by variables.province, variables.year
