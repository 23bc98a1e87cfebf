"""A producer of PyPI pyfaktory, unmodified: prints one line of JSON with what it saw."""
import json

from pyfaktory import Client, Job, JobFilter, MutateOperation, Producer

with Client(role="producer") as client:
    producer = Producer(client=client)
    pushed = producer.push(Job(jobtype="t", args=(5, 4), queue="py"))
    bulk = producer.push_bulk([Job(jobtype="t", args=(i, i), queue="py") for i in range(50)])
    producer.push(Job(jobtype="t", args=(1,), queue="py", at="2099-01-01T00:00:00Z"))
    queues = client.info()["faktory"]["queues"]
    paused = client.queue_pause(["py"]) and client.queue_unpause(all_queues=True)
    client.mutate(MutateOperation(cmd="kill", target="scheduled", filter=JobFilter(jids=[], jobtype="t", regexp="*")))
    dead = client.info()["faktory"]["tasks"]["Dead"]["size"]
print(json.dumps({"pushed": pushed, "bulk": bulk, "queues": queues, "paused": paused, "dead": dead}))
