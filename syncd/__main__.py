"""The front door for people."""

from syncd.cli import main

if __name__ == "__main__":
    main()
