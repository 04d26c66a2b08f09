"""`python -m linkage.cli`."""

from linkage.cli import main

main()
