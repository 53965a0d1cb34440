-- Functions that several SQL assets share. Loaded before each of them.

-- The value at a percentile of an ascending list without nulls: with P = n*percent/100 whole the mean of the P-th and
-- (P+1)-th value, else the value at the next whole P (Stata's winsor2; Hyndman and Fan 1996, definition 2). Percentiles
-- are counted in thousandths so that 2.5 is exact.
create or replace temp macro percentile_of_sorted(sorted, percent) as
    case
        when (len(sorted) * (percent * 1000)::bigint) % 100000 = 0
        then (
            sorted[greatest((len(sorted) * (percent * 1000)::bigint) // 100000, 1)]
            + sorted[least((len(sorted) * (percent * 1000)::bigint) // 100000 + 1, len(sorted))]
        ) / 2
        else sorted[(len(sorted) * (percent * 1000)::bigint) // 100000 + 1]
    end;

-- A value drawn in to the study's winsor limits; missing stays missing.
create or replace temp macro winsorized(value, sorted) as
    case
        when value is not null
        then least(
            greatest(value, percentile_of_sorted(sorted, getvariable('winsor_lower'))),
            percentile_of_sorted(sorted, getvariable('winsor_upper'))
        )
    end;
