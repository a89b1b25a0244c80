"""The smallest useful program: two posts in, a label for each out.

    python examples/python/first_program.py MODEL_FOLDER
"""

import sys

import plaudit

posts = ["Love the new trainers!", "Still waiting for my refund."]
with plaudit.Model(sys.argv[1]) as model:
    for post, prediction in zip(posts, model.predict(posts)):
        print(f"{prediction.label:10} {post}")
