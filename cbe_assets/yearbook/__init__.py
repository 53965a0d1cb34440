"""Official exports as observations with cell addresses: pure functions from file bytes; nothing here opens a file or decides which table it is."""
