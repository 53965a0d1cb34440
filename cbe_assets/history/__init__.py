"""What the study was after each refresh: snapshots of its cells and results, addressed by content, in packs."""
