"""ministack, with what it lacks put in place when it starts. Whatever it imports by name must be there: another release ends here."""

import addresses
import health_checks
import referrers
from ministack.app import main

addresses.install()
health_checks.install()
referrers.install()
main()
