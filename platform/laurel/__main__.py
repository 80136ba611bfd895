"""`python -m laurel`: the command line without an installed script."""

from laurel.commands import main

main(prog_name="laurel")
