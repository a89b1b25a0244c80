"""Writes examples/data/campaigns.csv, one row a post, from UCI's Facebook post metrics.

Run: python scripts/campaigns.py dataset_Facebook.csv
     (archive.ics.uci.edu, data set 368, doi:10.24432/C5QK55, CC BY 4.0)

A campaign is a type of post, its variant whether the post was paid for ("paid") or not ("control").
reach: people who saw the post. impressions: times it was seen. engagements: people who clicked
anywhere in it, liked, commented or shared ("engaged users"). clicks: clicks anywhere in it
("consumptions"). Rows without the paid mark are left out.
"""

import csv
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "examples/data/campaigns.csv"
TYPE, PAID, REACH, IMPRESSIONS, ENGAGED, CLICKS = 1, 6, 7, 8, 9, 11

with open(sys.argv[1], newline="") as file:
    posts = list(csv.reader(file, delimiter=";"))[1:]
with open(OUT, "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["campaign", "variant", "impressions", "reach", "engagements", "clicks"])
    for post in posts:
        if post[PAID]:
            writer.writerow([
                f"{post[TYPE]} posts", "paid" if post[PAID] == "1" else "control",
                post[IMPRESSIONS], post[REACH], post[ENGAGED], post[CLICKS]])
