"""The command line `daozhang`."""
