"""Official exports as observations with cell addresses.

Pure functions from a file's bytes.  Nothing here opens a file, decides which table of the study it is, or corrects.
"""
