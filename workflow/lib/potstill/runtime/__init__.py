"""What every stage needs to run as a job: atomic files, progress, restart, random streams."""
