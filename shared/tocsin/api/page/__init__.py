"""The status page: files that a browser runs, and that ask the API like anybody else."""
