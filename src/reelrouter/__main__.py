"""`python -m reelrouter`."""

from reelrouter.cli import main

if __name__ == "__main__":
    main()
