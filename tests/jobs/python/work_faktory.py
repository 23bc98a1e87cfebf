"""A worker of PyPI faktory: prints the jid of each job when it is done. Arguments: queues."""
import sys
import time

from faktory import Worker


def mixed(jid, *args):
    time.sleep((args[1] if len(args) > 1 else 0) / 1000)
    sys.stdout.write(jid + "\n")  # at once: another thread prints, too
    sys.stdout.flush()


worker = Worker(queues=sys.argv[1:], concurrency=2, use_threads=True)
worker.register("mixed", mixed, bind=True)
worker.run()
