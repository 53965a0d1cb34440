"""Where a number comes from: from a panel cell or a coefficient back to edition, file, sheet and cell."""
