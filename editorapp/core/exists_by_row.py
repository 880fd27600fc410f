"""Exists by row: a subquery that the database asks for each row that it comes to.

PostgreSQL may read all that the subquery can find beforehand, and look each row up in that: it plans
for every row being asked, and does not see that a page wants the first sixty. In an OR, or among
what is selected, that is a table of everything a large team has. A subquery with an offset is never
turned into one.
"""

from django.db.models import Exists


class ExistsByRow(Exists):
    """An Exists for an OR or an annotation of a list that is read from its beginning. In an AND the
    plain one is better: the database can begin with it.
    """

    template = "EXISTS(%(subquery)s OFFSET 0)"
