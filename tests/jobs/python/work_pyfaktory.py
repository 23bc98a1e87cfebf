"""A worker of PyPI pyfaktory: prints the jid of each job when it is done. Arguments: queues."""
import sys
import time

from pyfaktory import Client, Consumer


def mixed(jid, *args):
    time.sleep((args[1] if len(args) > 1 else 0) / 1000)
    print(jid, flush=True)


with Client(role="consumer", beat_period=5) as client:
    consumer = Consumer(client=client, queues=sys.argv[1:], concurrency=2)
    consumer.register("mixed", mixed, bind=True)
    consumer.run()
