-- The estimation sample: every continuous variable winsorized at the limits of study.yaml; counts stay as they are.
with sorted as (
    select
        list(EXP order by EXP) filter (where EXP is not null) as EXP,
        list(ECI order by ECI) filter (where ECI is not null) as ECI,
        list(PGDP order by PGDP) filter (where PGDP is not null) as PGDP,
        list(Fisca order by Fisca) filter (where Fisca is not null) as Fisca,
        list(HC order by HC) filter (where HC is not null) as HC,
        list(FDI order by FDI) filter (where FDI is not null) as FDI,
        list(Net order by Net) filter (where Net is not null) as Net,
        list(Infr order by Infr) filter (where Infr is not null) as Infr,
        list(EXP_share order by EXP_share) filter (where EXP_share is not null) as EXP_share,
        list(Inus order by Inus) filter (where Inus is not null) as Inus,
        list(Tec order by Tec) filter (where Tec is not null) as Tec,
        list(FinDev order by FinDev) filter (where FinDev is not null) as FinDev
    from panel.variables
)
select
    variables.province,
    variables.year,
    winsorized(variables.EXP, sorted.EXP) as EXP,
    winsorized(variables.ECI, sorted.ECI) as ECI,
    winsorized(variables.PGDP, sorted.PGDP) as PGDP,
    winsorized(variables.Fisca, sorted.Fisca) as Fisca,
    winsorized(variables.HC, sorted.HC) as HC,
    winsorized(variables.FDI, sorted.FDI) as FDI,
    winsorized(variables.Net, sorted.Net) as Net,
    winsorized(variables.Infr, sorted.Infr) as Infr,
    variables.NumCPZ,
    winsorized(variables.EXP_share, sorted.EXP_share) as EXP_share,
    winsorized(variables.Inus, sorted.Inus) as Inus,
    winsorized(variables.Tec, sorted.Tec) as Tec,
    winsorized(variables.FinDev, sorted.FinDev) as FinDev,
    variables.filled
from panel.variables
cross join sorted
order by variables.province, variables.year
